/** Lines of a crontab, between two comments that say whose they are: crontab(5). */
import { MADE_BY, type ScheduledCommand, shellQuoted } from './command.ts';
import { asTables, everyText, inexpressible, nearestEven, type Timetable } from './timetable.ts';

/** Bytes of a command that every cron takes. */
const MOST_BYTES = 990;

/**
 * @returns lines, without their ends
 * @throws RsyncError RSYNC_UNSUPPORTED, exit 4: a time or a command that a crontab can not hold
 */
export function cronLines(command: ScheduledCommand, timetable: Timetable): string[] {
  const tables = asTables(timetable);
  if (tables === undefined && timetable.kind === 'interval') {
    const { below, above } = nearestEven(timetable.minutes);
    throw inexpressible(
      `cron can not run each ${everyText(timetable.minutes)}: it knows times of day alone`,
      `The nearest that it can are --every ${everyText(below)} and --every ${everyText(above)}.`,
    );
  }
  const line = shellCommand(command);
  if (Buffer.byteLength(line) > MOST_BYTES) {
    throw inexpressible(
      `a command of ${Buffer.byteLength(line)} bytes is longer than a crontab may hold`,
      'Use shorter paths.',
    );
  }
  return tables!.map(({ text }) => `${text} ${line}`);
}

/** To cron a `%` is the end of the line, quoted or not; a backslash before it goes away. */
function shellCommand({ node, script, words, environment, log }: ScheduledCommand): string {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${shellQuoted(value)}`);
  const start = [...variables, ...[node, script, ...words].map(shellQuoted)].join(' ');
  return `${start} >>${shellQuoted(log)} 2>&1`.replaceAll('%', '\\%');
}

/** A crontab with these lines in place of those that were there under the name; all else byte by byte as it was. */
export function withBlock(crontab: string, name: string, lines: readonly string[]): string {
  const rest = withoutBlock(crontab, name);
  const ended = rest === '' || rest.endsWith('\n') ? rest : `${rest}\n`;
  return `${ended}${[begin(name), ...lines, end(name)].join('\n')}\n`;
}

/** The same crontab if there is no such block. A block without its end is left alone: what follows may be anybody's. */
export function withoutBlock(crontab: string, name: string): string {
  const lines = crontab.split('\n');
  const first = lines.indexOf(begin(name));
  const last = lines.indexOf(end(name), first);
  if (first < 0 || last < 0) return crontab;
  lines.splice(first, last - first + 1);
  return lines.join('\n');
}

/** The lines of the block, undefined: there is none. */
export function blockOf(crontab: string, name: string): string[] | undefined {
  const lines = crontab.split('\n');
  const first = lines.indexOf(begin(name));
  const last = lines.indexOf(end(name), first);
  return first < 0 || last < 0 ? undefined : lines.slice(first + 1, last);
}

function begin(name: string): string {
  return `# rsyncjs-${name}: ${MADE_BY}`;
}

function end(name: string): string {
  return `# rsyncjs-${name}: end`;
}
