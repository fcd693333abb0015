import { usageError } from '../../../core/errors.ts';
import { checkCommand, type ScheduledCommand } from './command.ts';
import { cronLines } from './crontab.ts';
import { launchdLabel, launchdPlist } from './launchd.ts';
import { systemdUnits } from './systemd.ts';
import { taskName, taskXml } from './task-scheduler.ts';
import type { Timetable } from './timetable.ts';

export type ScheduleFormat = 'systemd' | 'cron' | 'launchd' | 'task-scheduler';
export const SCHEDULE_FORMATS: readonly ScheduleFormat[] = ['systemd', 'cron', 'launchd', 'task-scheduler'];

/** What a scheduler is given, ready to be printed or installed. */
export interface ScheduleEntry {
  format: ScheduleFormat;
  /** The entry's own name: of a unit, a label, a task. */
  title: string;
  /** Each with the name that it is to have, and its text. A crontab has no name of its own: `crontab`. */
  parts: readonly { name: string; text: string }[];
  /** Sentences: where the output goes, what else is to be done. */
  notes: readonly string[];
}

/** What is common here. `hasSystemd`: the machine was started by it. */
export function usualFormat(platform: NodeJS.Platform, hasSystemd: boolean): ScheduleFormat {
  if (platform === 'win32') return 'task-scheduler';
  if (platform === 'darwin') return 'launchd';
  return platform === 'linux' && hasSystemd ? 'systemd' : 'cron';
}

/** @throws RsyncError RSYNC_USAGE, exit 1; RSYNC_UNSUPPORTED, exit 4: the format can not say it */
export function scheduleEntry(
  format: ScheduleFormat,
  command: ScheduledCommand,
  timetable: Timetable,
): ScheduleEntry {
  checkCommand(command, format === 'task-scheduler');
  const agent =
    'No agent is there when it runs: the spokes need keys without a passphrase ("rsyncjs hub keys").';
  const log = `Output is appended to ${command.log}.`;
  switch (format) {
    case 'systemd': {
      const units = systemdUnits(command, timetable);
      return {
        format,
        title: units.timerName,
        parts: [
          { name: units.serviceName, text: units.service },
          { name: units.timerName, text: units.timer },
        ],
        notes: [
          `Output goes to the journal: journalctl --user -u ${units.serviceName}`,
          'Without "loginctl enable-linger" it runs only while you are logged in.',
          agent,
        ],
      };
    }
    case 'cron': {
      const text = `${cronLines(command, timetable).join('\n')}\n`;
      return {
        format,
        title: `rsyncjs-${command.name}`,
        parts: [{ name: 'crontab', text }],
        notes: [log, agent],
      };
    }
    case 'launchd': {
      const label = launchdLabel(command.name);
      return {
        format,
        title: label,
        parts: [{ name: `${label}.plist`, text: launchdPlist(command, timetable) }],
        notes: [log, 'It runs only while you are logged in.', agent],
      };
    }
    case 'task-scheduler':
      return {
        format,
        title: taskName(command.name),
        parts: [{ name: `rsyncjs-${command.name}.xml`, text: taskXml(command, timetable) }],
        notes: [log, 'It runs only while you are logged in.', agent],
      };
    default:
      throw usageError(`unknown format ${String(format)}`, `Known are ${SCHEDULE_FORMATS.join(', ')}.`);
  }
}
