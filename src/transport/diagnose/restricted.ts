/** Refusals of `rsyncjs serve`: a forced command, or an ssh server of its own. */
import { EXIT } from '../../core/errors.ts';
import { type Finding, startExitCode } from './finding.ts';
import { allWords, neverSpoke, type Symptoms } from './symptoms.ts';
import { clean } from './words.ts';

const REFUSAL = /^rsyncjs: refused: (.+)$(?:\r?\n(?!rsync|$)(.+)$)?/m;
const LAST_LINE = /^rsync error: .* at rsyncjs .*$/m;

export function recogniseRestricted(symptoms: Symptoms): Finding | undefined {
  if (!neverSpoke(symptoms)) return undefined;
  const words = allWords(symptoms);
  const [line, what, hint] = REFUSAL.exec(words) ?? [];
  if (line === undefined || what === undefined) return undefined;
  const exitCode = startExitCode(symptoms);
  return {
    code: 'RSYNC_REMOTE_SHELL',
    exitCode: exitCode === 255 ? EXIT.STREAMIO : exitCode,
    what: `the server refused the request: ${clean(what)}`,
    hint: hint === undefined ? 'What this key may do is for the server to say.' : clean(hint),
    // Its last line tells the status, which the circumstances tell too.
    line: `${line}\n${LAST_LINE.exec(words)?.[0] ?? ''}`.split(/\r?\n/).map((each) => clean(each)),
  };
}
