/** What a remote rsync says itself before it gives up: its last lines on standard error, or sent as messages. */
import { EXIT } from '../../core/errors.ts';
import type { Finding } from './finding.ts';
import { startExitCode } from './finding.ts';
import { allWords, neverSpoke, type Symptoms } from './symptoms.ts';
import { clean } from './words.ts';

/** "rsync error: syntax or usage error (code 1) at main.c(1913) [server=3.5.1]" */
const LAST_LINE =
  /^rsync (?:error|warning): (.{1,120}?) \(code (\d{1,3})\) at .*?(?:\[(\w+)=([\w.-]{1,40})\])?$/m;

const OPTION =
  /(?:on remote machine: )?(--?[\w-]+)(?:=\S*)?: unknown option|(?:unrecognized|unknown|invalid) option[: ]+(?:-- )?[`'"]?(-{0,2}[\w-]+)/;

export function recogniseRemoteRsync(symptoms: Symptoms): Finding | undefined {
  const words = allWords(symptoms);
  const last = LAST_LINE.exec(words);
  const version = last?.[4];
  // The status is the better witness; a status of a shell around it (0, 127) says nothing of rsync.
  const { exit } = symptoms;
  const exitCode = exit?.code ? exit.code : last === null ? startExitCode(symptoms) : Number(last[2]);
  const found = (what: string, hint: string): Finding => ({
    code: 'RSYNC_REMOTE_EXIT',
    exitCode,
    what,
    hint,
  });

  if (neverSpoke(symptoms)) {
    const option = OPTION.exec(words);
    if (option !== null && (last !== null || /rsync/.test(words)))
      return oldOption(option, words, version, found);
    if (/protocol version mismatch/.test(words)) {
      return found(
        'the remote rsync did not understand what came from here',
        'Something between this program and rsync there changes the data: a terminal (-tt), a wrapper that reads its input, a proxy.',
      );
    }
    if (/ERROR: module is read only|@ERROR/.test(words))
      return found(clean(words), 'The daemon there refused it.');
  }
  const directory = /mkdir "([^"]+)" failed: (No such file or directory|Permission denied)/.exec(words);
  if (directory !== null) {
    const missing = directory[2]!.startsWith('No such');
    return {
      ...found(
        `the directory ${clean(directory[1]!)} could not be made there: ${directory[2]}`,
        missing
          ? 'The folder above it does not exist there: check the path, or let --mkpath make it.'
          : 'The account may not write there: choose another place, or log in as its owner.',
      ),
      exitCode: EXIT.FILEIO,
      path: clean(directory[1]!),
    };
  }
  if (last === null) return undefined;
  const code = Number(last[2]);
  // The phrase of a lost connection is for the recogniser of those.
  if (code === EXIT.STREAMIO || code === EXIT.SOCKETIO) return undefined;
  const hint = HINTS[code];
  return {
    code: 'RSYNC_REMOTE_EXIT',
    exitCode,
    what: `the remote rsync${version === undefined ? '' : ` ${version}`} gave up: ${clean(last[1]!)} (code ${code})`,
    ...(hint === undefined ? {} : { hint }),
  };
}

const HINTS: Readonly<Record<number, string>> = {
  [EXIT.SYNTAX]:
    'It does not take the options of this run: update rsync there, or leave out what its message names.',
  [EXIT.PROTOCOL]: 'Try --protocol=29, or update rsync there.',
  [EXIT.FILESELECT]: 'Check the path on that host: what is there is not of the kind that this run needs.',
  [EXIT.UNSUPPORTED]:
    'That rsync was built without, or does not allow, what was asked for: leave the option out.',
  [EXIT.TIMEOUT]: 'It waited longer than --timeout allows: raise it, or look at the network.',
  [EXIT.SIGNAL]: 'Somebody or something ended it there: the log of the host may say who.',
  [EXIT.MALLOC]: 'That host has too little memory, or --max-alloc is too small.',
};

function oldOption(
  match: RegExpExecArray,
  words: string,
  version: string | undefined,
  found: (what: string, hint: string) => Finding,
): Finding {
  const name = match[1] ?? match[2]!;
  const option = name.startsWith('-') ? name : name.length === 1 ? `-${name}` : `--${name}`;
  const apple = /openrsync/.test(words);
  const who = apple ? 'openrsync' : version === undefined ? 'rsync' : `rsync ${version}`;
  return found(
    `the remote ${who} does not know the option ${clean(option, 60)}`,
    apple
      ? `That is the rsync of macOS: leave out ${clean(option, 60)}, or install rsync there (brew install rsync) and name it: --rsync-path=/opt/homebrew/bin/rsync.`
      : `Leave out ${clean(option, 60)}, update rsync there, or name a newer one with --rsync-path=PATH.`,
  );
}
