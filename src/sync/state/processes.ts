import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { errnoCode } from '../../files/errors.ts';

/** What a lock has to know about the processes of this machine; a parameter, so that tests can play any machine. */
export interface Processes {
  /** This process. */
  readonly pid: number;
  readonly host: string;
  /**
   * Changes with every start of the machine, and between containers that count their processes on their own. Undefined
   * where the system does not tell it.
   */
  readonly boot: string | undefined;
  /** When the machine was started, milliseconds since 1970, within a minute; undefined: not known. */
  readonly bootedAt: number | undefined;
  isAlive(pid: number): boolean;
  /** Something that another process with the same number would not have. Undefined: not told here, or no such process. */
  startOf(pid: number): string | undefined;
}

/** Those of the running system. */
export function systemProcesses(): Processes {
  return {
    pid: process.pid,
    host: hostname(),
    boot: bootId(),
    bootedAt: Date.now() - uptime() * 1000,
    isAlive,
    startOf,
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and another user's.
    return errnoCode(error) !== 'ESRCH';
  }
}

/** Linux: the boot id and the space that process numbers are counted in. */
function bootId(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

/** Linux: field 22 of /proc/PID/stat, clock ticks between the start of the machine and that of the process. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program is in parentheses and may hold anything, blanks and parentheses too.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
