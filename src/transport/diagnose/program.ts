/** The remote rsync is not there, or can not be run: 127, 126 and the words of shells about it. */
import { EXIT } from '../../core/errors.ts';
import { type Finding, startExitCode } from './finding.ts';
import { installHint } from './packages.ts';
import type { HostFacts } from './probe.ts';
import { allWords, isWindowsServer, neverSpoke, remoteProgram, type Symptoms } from './symptoms.ts';
import { clean, quoted } from './words.ts';

/** How shells, env, nice and sudo tell of a program that is not there; the first group is its name. */
const MISSING: readonly RegExp[] = [
  /(?:command not found|no such file or directory|Unknown command)[:.] ['‘"`]?([^\s'’"`]+)['’"`]?$/i,
  /(?:^|[\s:'‘"`])([^\s:'‘’"`]+)['’"`]?: (?:command not found|Command not found\.?|not found|No such file or directory|inaccessible or not found)\.?\s*$/,
  /'([^']+)' is not recognized as an internal or external command/,
  /The term '([^']+)' is not recognized/,
];

const FOREIGN = 'is for another processor or system';

/** How they tell of one that is there and can not be started; without a file system's word of it, nothing is known. */
const BROKEN: readonly [pattern: RegExp, what: string, hint: string][] = [
  [
    /exec format error|cannot execute binary file|could not be run by the operating system/i,
    FOREIGN,
    'Install rsync from the packages of that host, and leave out --rsync-path.',
  ],
  [
    /bad interpreter|required file not found|specified the interpreter/i,
    'needs a program that is not there (the interpreter of a script, the loader of a foreign binary)',
    'Install rsync from the packages of that host, and leave out --rsync-path.',
  ],
  [/is a directory/i, 'is a directory', 'Name the program itself: --rsync-path=DIR/rsync.'],
  [
    /permission denied|not an executable file|cannot execute/i,
    'is not a program that this account may run',
    'Check its mode there (chmod +x), and the folders above it; a file system may also be mounted noexec.',
  ],
];

interface Missing {
  program: string;
  line: string;
}

/** Every line that names a program which is not there. */
function missingPrograms(words: string): Missing[] {
  return words.split(/\r?\n/).flatMap((line) => {
    const program = MISSING.map((pattern) => pattern.exec(line)?.[1]).find((name) => name !== undefined);
    return program === undefined ? [] : [{ program, line: clean(line) }];
  });
}

/** One of the words of the command, as given or without its folders. Where that is not known, what else? */
function isOurs(name: string, symptoms: Symptoms): boolean {
  const prefix = remoteProgram(symptoms)?.prefix;
  if (prefix === undefined) return !name.startsWith('-');
  return prefix.split(/[\s'"]+/).some((word) => word === name || word.split('/').at(-1) === name);
}

export function recogniseProgram(symptoms: Symptoms): Finding | undefined {
  const { exit } = symptoms;
  if (!neverSpoke(symptoms)) return undefined;
  const words = allWords(symptoms);
  // fish says in one line that a program is unknown and that it is there, sh that a script's interpreter is not.
  const broken =
    exit?.code === 126 || /bad interpreter|required file not found|specified the interpreter/.test(words);
  if (broken) {
    const found = BROKEN.find(([pattern]) => pattern.test(words));
    return notRunnable(symptoms, found?.[1] ?? 'can not be run', found?.[2] ?? BROKEN.at(-1)![2]);
  }
  const missing = missingPrograms(words);
  // A warning about a locale or a start-up file has the same words: only the status tells that something was not run.
  const ours = missing.find(({ program }) => isOurs(program, symptoms));
  const named = ours ?? (exit?.code === 127 ? missing[0] : undefined);
  if (named !== undefined && exit?.code !== 0) return notFound(symptoms, named);
  if (exit?.code !== 127) return undefined;
  return {
    code: 'RSYNC_REMOTE_SHELL',
    exitCode: EXIT.CMD_NOTFOUND,
    what: 'remote command not found',
    hint: 'Install rsync on that host, or say where it is with --rsync-path=PATH.',
  };
}

function notRunnable(symptoms: Symptoms, what: string, hint: string): Finding {
  const { program = 'rsync' } = remoteProgram(symptoms) ?? {};
  return {
    code: 'RSYNC_REMOTE_SHELL',
    exitCode: startExitCode(symptoms),
    what: `${clean(program, 120)} ${what}`,
    hint,
    path: clean(program, 120),
    ask: 'program',
  };
}

function notFound(symptoms: Symptoms, { program, line }: Missing): Finding {
  const { prefix = 'rsync' } = remoteProgram(symptoms) ?? {};
  const base = { code: 'RSYNC_REMOTE_SHELL' as const, exitCode: startExitCode(symptoms), line };
  const name = clean(program, 120);
  if (!isOurs(program, symptoms)) {
    return {
      ...base,
      what: `the remote side did not find ${name}, which is not what was to be run`,
      hint:
        prefix === 'rsync' && !program.startsWith('-')
          ? 'A start-up file or a forced command of the account names it: mend it there.'
          : `Check --rsync-path=${quoted(clean(prefix, 80))}: the options of the server follow it on one command line.`,
    };
  }
  if (isWindowsServer(symptoms) || /is not recognized/.test(line)) {
    return {
      ...base,
      what: `${name} was not found on that host, which runs Windows`,
      hint: 'Install rsync there (MSYS2, Cygwin or cwRsync) and name it: --rsync-path=C:/msys64/usr/bin/rsync.exe; or push to a WSL on it that has an ssh server of its own.',
    };
  }
  return {
    ...base,
    what:
      prefix === 'rsync'
        ? `${name} was not found on that host`
        : `${name}, named by --rsync-path, was not found there`,
    hint:
      prefix === 'rsync'
        ? 'Install rsync on that host, or say where it is with --rsync-path=PATH.'
        : 'Correct --rsync-path, or leave it out: the default is rsync, as found in the PATH of the account.',
    ask: 'program',
  };
}

/** What the host's answer adds: where rsync is, or how to get it. */
export function refineProgram(finding: Finding, symptoms: Symptoms, facts: HostFacts): Finding {
  const { prefix = 'rsync', program = 'rsync' } = remoteProgram(symptoms) ?? {};
  // A program that is there all the same: its loader is not.
  const isMissing = / was not found/.test(finding.what);
  if (isMissing && facts.exists && program.includes('/')) {
    const [, what, hint] = BROKEN[1]!;
    return { ...finding, what: `${clean(program, 120)} ${what}`, hint };
  }
  const place = facts.found.find((path) => path !== program);
  if (place === undefined) {
    if (isMissing) return { ...finding, hint: installHint(facts) };
    const kind = clean([facts.system, facts.machine].filter(Boolean).join(' '), 60);
    return finding.what.includes(FOREIGN) && kind !== ''
      ? { ...finding, what: `${finding.what}; that host is ${kind}` }
      : finding;
  }
  const given = prefix === program ? place : `${prefix.slice(0, -program.length)}${place}`;
  // What the account finds by itself, if it was not that which failed.
  const plain = prefix === program && program !== 'rsync' && facts.onPath;
  return {
    ...finding,
    hint: plain
      ? `Leave out --rsync-path: rsync is there as ${clean(place, 120)}, and is found without it.`
      : `It is there as ${clean(place, 120)}: use --rsync-path=${quoted(clean(given, 160))}.`,
  };
}
