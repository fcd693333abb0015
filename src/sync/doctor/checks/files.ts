/** What both file systems keep and tell apart. */
import { type Check, type Details, info, type Outcome, ok, warning } from '../check.ts';
import type { TimePrecision } from '../probe-names.ts';
import { noWriting } from '../reasons.ts';

/** Seconds of difference between two clocks that matter to nobody, and that are still harmless. */
const CLOSE = 2;
const HARMLESS = 60;

export const clock: Check = {
  name: 'clock',
  about: 'The difference between the clocks: the server sets the time of the probe.',
  outcomes: [
    { grade: 'ok', when: 'at most 2 seconds' },
    { grade: 'info', when: 'at most a minute' },
    {
      grade: 'warning',
      when: 'more: "newer" is then often wrong, in conflicts and with `--update`',
      remedy: 'Let both machines keep time (NTP).',
    },
  ],
  needs: ['writable'],
  omit: noWriting,
  run: ({ remoteFiles }) => {
    if (remoteFiles === undefined) return untried();
    const { clockAhead, clockError } = remoteFiles;
    const details = { aheadSeconds: Math.round(clockAhead), uncertainSeconds: Math.ceil(clockError) };
    const off = Math.abs(clockAhead);
    if (off <= CLOSE) return ok('both clocks agree', details);
    const sentence = `the clock there is ${duration(off)} ${clockAhead > 0 ? 'ahead' : 'behind'}`;
    if (off <= HARMLESS) return info(sentence, details);
    return warning(sentence, 'Let both machines keep time (NTP): what is "newer" is judged by it.', details);
  },
};

export const names: Check = {
  name: 'names',
  about:
    'Whether both file systems tell upper from lower case, and a composed letter (é as one character) from a decomposed one.',
  outcomes: [
    { grade: 'ok', when: 'both alike' },
    {
      grade: 'warning',
      when: 'one tells apart what the other does not: two files of one side become one on the other, and a change of case is not seen',
      remedy: 'Use no two names that only case or composition tells apart.',
    },
  ],
  needs: ['writable'],
  omit: noWriting,
  run: ({ local, remoteFiles: there }) => {
    if (there === undefined) return untried();
    if (local === undefined) return untried('local-root');
    const details = {
      here: { caseSensitive: local.caseSensitive, tellsForms: local.tellsForms },
      there: { caseSensitive: there.caseSensitive, tellsForms: there.tellsForms },
    };
    const differences = [
      ...difference(local.caseSensitive, there.caseSensitive, 'upper and lower case'),
      ...difference(local.tellsForms, there.tellsForms, 'composed and decomposed letters'),
    ];
    if (differences.length > 0) {
      return warning(
        differences.join('; '),
        'Use no two names that only this tells apart: they are one file on the other side.',
        details,
      );
    }
    return ok(
      `case ${matters(local.caseSensitive)}, the form of letters ${matters(local.tellsForms)}, on both sides`,
      details,
    );
  },
};

function difference(here: boolean, there: boolean, what: string): string[] {
  if (here === there) return [];
  return [`${what} are told apart ${here ? 'here' : 'there'}, and not ${here ? 'there' : 'here'}`];
}

function matters(yes: boolean): string {
  return yes ? 'matters' : 'does not matter';
}

export const times: Check = {
  name: 'times',
  about: 'How finely both file systems keep the times of files.',
  outcomes: [
    { grade: 'ok', when: 'fractions of a second on both sides' },
    { grade: 'info', when: 'whole seconds on one side: compared in whole seconds' },
    {
      grade: 'warning',
      when: 'two seconds on one side (FAT): files look changed for ever',
      remedy: 'Add `--modify-window=1` to the options.',
    },
  ],
  needs: ['writable'],
  omit: noWriting,
  run: ({ local, remoteFiles: there, options }) => {
    if (there === undefined) return untried();
    if (local === undefined) return untried('local-root');
    const details: Details = { here: local.times, there: there.times, modifyWindow: options.modifyWindow };
    const sides = [local.times, there.times];
    const words = `times are kept to ${precision(local.times)} here, ${precision(there.times)} there`;
    if (sides.includes('two seconds') && options.modifyWindow < 1) {
      return warning(
        words,
        'Add --modify-window=1 to the options: files would look changed for ever.',
        details,
      );
    }
    if (sides.every((side) => side === 'subsecond'))
      return ok('fractions of a second are kept on both sides', details);
    return info(words, details);
  },
};

function precision(times: TimePrecision): string {
  return {
    subsecond: 'a fraction of a second',
    second: 'the second',
    'two seconds': 'two seconds',
    unknown: 'an unknown unit',
  }[times];
}

export const symlinks: Check = {
  name: 'symlinks',
  about: 'Whether symlinks can be made: those of the project stay behind where they can not.',
  outcomes: [
    { grade: 'ok', when: 'they can' },
    {
      grade: 'info',
      when: 'this machine can make none, so that it was not tried there: on Windows only the developer mode allows it',
      remedy: 'Exclude the symlinks of the project, if it has any.',
    },
    {
      grade: 'warning',
      when: 'they can not in the remote folder: a run that has one to bring there ends with 23',
      remedy: 'Exclude the symlinks of the project.',
    },
  ],
  needs: ['writable'],
  omit: noWriting,
  run: ({ remoteFiles }) => {
    if (remoteFiles === undefined) return untried();
    const details = { symlinks: remoteFiles.symlinks ?? null };
    if (remoteFiles.symlinks === undefined) {
      const why = 'this account of this machine can make none, so that it was not tried there';
      return info(why, details, 'Exclude the symlinks of the project, if it has any.');
    }
    if (remoteFiles.symlinks) return ok('symlinks can be made there', details);
    return warning('symlinks can not be made there', 'Exclude the symlinks of the project.', details);
  },
};

function untried(because: 'writable' | 'local-root' = 'writable'): Outcome {
  const where = because === 'writable' ? 'there' : 'here';
  return { grade: 'skipped', sentence: `nothing could be tried out ${where}`, details: { because } };
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} seconds`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes`;
  return `${Math.round(seconds / 3600)} hours`;
}
