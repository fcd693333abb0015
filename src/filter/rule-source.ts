import { type ByteString, toText } from '../core/bytes.ts';
import { EXIT, protocolError, RsyncError, usageError } from '../core/errors.ts';

/** Where the text of a rule came from: decides whose fault an error is and what of the rule may be repeated. */
export type RuleSource =
  | { kind: 'option' }
  /** `line` counts from 1; undefined where the file is not read by lines. */
  | { kind: 'file'; file: ByteString; line: number | undefined }
  | { kind: 'peer' };

/**
 * The rule as an error may name it. Text out of a file is never repeated: on a server the peer may have chosen the
 * file, and the message goes to the peer.
 */
export function quoteRule(text: ByteString, source: RuleSource): string {
  if (source.kind !== 'file') return `"${toText(text)}"`;
  const line = source.line === undefined ? '' : ` line ${source.line}`;
  return `<rule from ${toText(source.file)}${line}>`;
}

/** A rule that is not well-formed: exit 1, whoever wrote it. */
export function ruleError(message: string, text: ByteString, source: RuleSource): RsyncError {
  const whole = `${message}: ${quoteRule(text, source)}`;
  return source.kind === 'peer' ? protocolError(whole, EXIT.SYNTAX) : usageError(whole);
}

/** A well-formed rule of a kind that is not supported: exit 4. */
export function unsupportedRule(what: string, text: ByteString, source: RuleSource): RsyncError {
  return new RsyncError('RSYNC_UNSUPPORTED', `${what} are not supported: ${quoteRule(text, source)}`, {
    exitCode: EXIT.UNSUPPORTED,
    origin: source.kind === 'peer' ? 'remote' : 'local',
  });
}
