import type { ByteString } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { type CvsIgnores, cvsRulesAt } from './cvs.ts';
import { dropOverLong, forDeleteExcluded, NO_IGNORES } from './filter-list.ts';
import {
  type CvsRule,
  type DirMergeRule,
  type FilterRule,
  type MatchRule,
  parseRule,
  type Side,
  worksOn,
} from './rule.ts';
import { RuleCollector } from './rule-files.ts';
import { type RuleSource, ruleError } from './rule-source.ts';

/**
 * Which rules a client sends, and as what text: docs/protocol/4-filters-and-options.md, A.14.
 *
 *     text := ("-" | "+") ["/"] ["!"] ["C"] ["x"] ["s"] ["r"] ["p"] " " pattern ["/" if dirOnly]
 *           | ":" ["/"] ("C" | ["n"] ["w"] ["+" | "-"]) ["x"] ["s"] ["r"] ["p"] " " name of the file
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
    if (!worksOn(rule, peerSide)) continue;
    // A receiver is told what the list of this side says; a sender has a list of its own.
    const spelled = rule.kind === 'cvs' && direction === 'push' ? cvsRulesAt(rule, protocol) : [rule];
    for (const each of spelled) {
      if (each.perishable && !knowsPerishable && direction === 'push') throw tooModern();
      texts.push(ruleText(each, knowsPerishable));
    }
  }
  return texts;
}

function tooModern(): RsyncError {
  return new RsyncError('RSYNC_UNSUPPORTED', 'filter rules are too modern for remote rsync.', {
    exitCode: EXIT.PROTOCOL,
    origin: 'local',
    hint: 'Leave the modifier "p" out, or give the rule to the sending side alone (modifier "s").',
  });
}

function ruleText(rule: FilterRule, knowsPerishable: boolean): ByteString {
  let text = rule.kind === 'dir-merge' ? ':' : rule.include ? '+' : '-';
  if (rule.absolute) text += '/';
  if (rule.kind === 'dir-merge') text += readingText(rule);
  else if (rule.negate) text += '!';
  if (rule.kind === 'cvs') text += 'C';
  if (rule.xattr) text += 'x';
  if (rule.sender && !(rule.kind !== 'cvs' && rule.tacitSide)) text += 's';
  if (rule.receiver) text += 'r';
  if (rule.perishable && knowsPerishable) text += 'p';
  return `${text} ${patternText(rule)}`;
}

/** How the file is to be read. */
function readingText({ cvs, noInherit, wordSplit, itemAction }: DirMergeRule): string {
  if (cvs) return 'C';
  const action = itemAction === undefined ? '' : itemAction === 'include' ? '+' : '-';
  return `${noInherit ? 'n' : ''}${wordSplit ? 'w' : ''}${action}`;
}

function patternText(rule: FilterRule): ByteString {
  switch (rule.kind) {
    case 'dir-merge':
      return rule.file;
    case 'cvs':
      return rule.pattern;
    case 'match':
      return `${rule.pattern}${rule.dirOnly ? '/' : ''}`;
  }
}

const FROM_PEER: RuleSource = { kind: 'peer' };

/**
 * A server's rules out of the texts that the client sent. Whatever side a text names, the rule works on `side`; the
 * sides of a per-directory file are about what is in it. A merge (`.`) is refused: clients expand them, and a server
 * that opened the file would let the client probe its disk.
 * @param cvsIgnores  what this side adds to the list of `-C`
 * @throws RsyncError exit 1 for a malformed rule, 4 for one that is not supported
 */
export function parseReceivedRules(
  texts: readonly ByteString[],
  side: Side,
  cvsIgnores: () => CvsIgnores = () => NO_IGNORES,
  onWarning?: (text: string) => void,
): FilterRule[] {
  const collector = new RuleCollector({
    cvsIgnores,
    readFile: () => {
      throw new Error('a file that a peer names is not read');
    },
  });
  for (const text of texts) {
    const rule = parseRule(text, FROM_PEER);
    if (rule?.kind === 'merge') throw ruleError('merge rule from the peer', text, FROM_PEER);
    const own = rule?.kind === 'match' || rule?.kind === 'cvs' ? onSide(rule, side) : rule;
    collector.add(own, text, FROM_PEER, false);
  }
  return dropOverLong(collector.rules, onWarning);
}

function onSide<T extends MatchRule | CvsRule>(rule: T, side: Side): T {
  return { ...rule, sender: side === 'sender', receiver: side === 'receiver' };
}
