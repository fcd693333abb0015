import type { ByteString } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { dropOverLong, forDeleteExcluded } from './filter-list.ts';
import type { Side } from './filter-set.ts';
import { type FilterRule, parseRule, requireSupported } from './rule.ts';
import { type RuleSource, ruleError } from './rule-source.ts';

/**
 * Which rules a client sends, and as what text: docs/protocol/4-filters-and-options.md, A.14.
 *
 *     text := ("-" | "+") ["/"] ["!"] ["x"] ["s"] ["r"] ["p"] " " pattern ["/" if dirOnly]
 *
 * The bytes around the texts are in src/protocol/filter-list.ts.
 */

export interface PeerRulesOptions {
  /** `push`: the client is the sender. */
  direction: 'push' | 'pull';
  /** 29 to 32. */
  protocol: number;
  deleteExcluded: boolean;
}

/**
 * The rules that the server has to know. The server takes each of them as its own, so those for the client's side
 * only are left out. Call it for a push at protocol 29 even if no list will be sent: it throws (exit 2) for
 * perishable rules, which 29 does not know.
 */
export function rulesForPeer(
  rules: readonly FilterRule[],
  { direction, protocol, deleteExcluded }: PeerRulesOptions,
): ByteString[] {
  const peerSide: Side = direction === 'push' ? 'receiver' : 'sender';
  const knowsPerishable = protocol >= 30;
  const texts: ByteString[] = [];
  for (const given of rules) {
    const rule = deleteExcluded ? forDeleteExcluded(given) : given;
    if ((rule.sender || rule.receiver) && !rule[peerSide]) continue;
    if (rule.perishable && !knowsPerishable && direction === 'push') {
      throw new RsyncError('RSYNC_UNSUPPORTED', 'filter rules are too modern for remote rsync.', {
        exitCode: EXIT.PROTOCOL,
        origin: 'local',
        hint: 'Leave the modifier "p" out, or give the rule to the sending side alone (modifier "s").',
      });
    }
    texts.push(ruleText(rule, knowsPerishable));
  }
  return texts;
}

function ruleText(rule: FilterRule, knowsPerishable: boolean): ByteString {
  let text = rule.include ? '+' : '-';
  if (rule.absolute) text += '/';
  if (rule.negate) text += '!';
  if (rule.xattr) text += 'x';
  if (rule.sender) text += 's';
  if (rule.receiver) text += 'r';
  if (rule.perishable && knowsPerishable) text += 'p';
  return `${text} ${rule.pattern}${rule.dirOnly ? '/' : ''}`;
}

const FROM_PEER: RuleSource = { kind: 'peer' };

/**
 * A server's rules out of the texts that the client sent. Whatever side a text names, the rule works on `side`. A
 * merge (`.`) is refused: clients expand them, and a server that opened the file would let the client probe its disk.
 * Throws RsyncError: exit 1 for a malformed rule, 4 for one that is not supported.
 */
export function parseReceivedRules(
  texts: readonly ByteString[],
  side: Side,
  onWarning?: (text: string) => void,
): FilterRule[] {
  const rules: FilterRule[] = [];
  for (const text of texts) {
    const rule = parseRule(text, FROM_PEER);
    if (rule === undefined) continue;
    requireSupported(rule, text, FROM_PEER);
    if (rule.kind === 'merge') throw ruleError('merge rule from the peer', text, FROM_PEER);
    if (rule.kind === 'clear') rules.length = 0;
    else rules.push({ ...rule, sender: side === 'sender', receiver: side === 'receiver' });
  }
  return dropOverLong(rules, onWarning);
}
