/**
 * Scripts are put into a package.json without a change of anything else in it: its indentation, line ends, order and
 * spacing stay as they are.
 */
import { RsyncError, usageError } from '../../core/errors.ts';

export interface ScriptsOptions {
  /** A script of the same name and another content is replaced. */
  force: boolean;
  /** For messages. */
  file: string;
}

export interface AddedScripts {
  text: string;
  /** Names that were added or replaced. */
  added: string[];
  /** Names that are there with another content. */
  kept: string[];
}

/** @throws RsyncError RSYNC_USAGE, exit 1: it is no JSON, no object, or its `scripts` are none */
export function addScripts(
  text: string,
  wanted: Readonly<Record<string, string>>,
  { force, file }: ScriptsOptions,
): AddedScripts {
  const parsed = parse(text, file);
  const present = (parsed.scripts ?? {}) as Record<string, unknown>;
  if (typeof present !== 'object' || Array.isArray(present)) {
    throw usageError(`${file}: "scripts" is no object`, 'Mend it by hand: { "name": "command" }.');
  }
  const differing = Object.keys(wanted).filter((name) => present[name] !== wanted[name]);
  const kept = force ? [] : differing.filter((name) => name in present);
  const added = differing.filter((name) => !kept.includes(name));
  const changed = insert(text, added, wanted, parsed.scripts);
  check(changed, parsed, present, added, wanted, file);
  return { text: changed, added, kept };
}

function parse(text: string, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw usageError(`${file} is no JSON: ${(error as Error).message}`, 'Mend it by hand first.');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw usageError(`${file} holds no object`, 'Mend it by hand first.');
}

function insert(
  text: string,
  names: readonly string[],
  wanted: Readonly<Record<string, string>>,
  /** Undefined: there are none; null is as good as that, but stands in the way. */
  present: unknown,
): string {
  const unit = /^[ \t]+/m.exec(text)?.[0] ?? '  ';
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const isOneLine = !/\n/.test(text.trim());
  let result = text;
  if (names.length > 0 && (present === undefined || present === null)) {
    const root = objectAt(result, result.indexOf('{'));
    const none = root.members.findLast(({ key }) => key === 'scripts');
    if (none !== undefined) result = `${result.slice(0, none.value)}{}${result.slice(none.end)}`;
    else result = withMember(result, root, '"scripts": {}', [unit, 1], end, isOneLine);
  }
  for (const name of names) {
    const root = objectAt(result, result.indexOf('{'));
    const scripts = objectAt(result, root.members.findLast((member) => member.key === 'scripts')!.value);
    const old = scripts.members.findLast((member) => member.key === name);
    const value = JSON.stringify(wanted[name]);
    if (old !== undefined) result = result.slice(0, old.value) + value + result.slice(old.end);
    else {
      const oneLine =
        isOneLine || (scripts.members.length > 0 && !result.slice(scripts.start, scripts.end).includes('\n'));
      result = withMember(result, scripts, `${JSON.stringify(name)}: ${value}`, [unit, 2], end, oneLine);
    }
  }
  return result;
}

interface Member {
  key: string;
  /** Of the value: its first character, and the one behind its last. */
  value: number;
  end: number;
}

interface ObjectText {
  /** Of `{`, and of `}`. */
  start: number;
  end: number;
  members: Member[];
}

/** A member at the end of an object. */
function withMember(
  text: string,
  { start, end, members }: ObjectText,
  member: string,
  [unit, depth]: [unit: string, depth: number],
  lineEnd: string,
  oneLine: boolean,
): string {
  const last = members.at(-1);
  const before = text.slice(0, last?.end ?? start + 1);
  const rest = text.slice(last?.end ?? start + 1, end);
  const comma = last === undefined ? '' : ',';
  if (oneLine) return `${before}${comma}${last === undefined ? '' : ' '}${member}${rest}${text.slice(end)}`;
  const closing = /\n[ \t]*$/.test(rest) ? rest : lineEnd + unit.repeat(depth - 1);
  return `${before}${comma}${lineEnd}${unit.repeat(depth)}${member}${closing}${text.slice(end)}`;
}

/** Where the members of an object are, in text that is known to be JSON. */
function objectAt(text: string, start: number): ObjectText {
  const members: Member[] = [];
  let at = skipSpace(text, start + 1);
  while (text[at] !== '}') {
    const keyEnd = endOf(text, at);
    const value = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = endOf(text, value);
    members.push({ key: JSON.parse(text.slice(at, keyEnd)) as string, value, end });
    at = skipSpace(text, end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return { start, end: at, members };
}

function skipSpace(text: string, at: number): number {
  let next = at;
  while (/\s/.test(text[next] ?? '')) next++;
  return next;
}

/** Behind the value that begins there. */
function endOf(text: string, start: number): number {
  if (!/["{[]/.test(text[start] ?? '')) return start + /^[^,\]}\s]+/.exec(text.slice(start))![0].length;
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const char = text[at]!;
    if (char === '"') {
      at++;
      while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    } else if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') depth--;
    if (depth === 0) return at + 1;
  }
  return text.length;
}

/** Nobody's package.json is to be spoilt by a mistake in here. */
function check(
  text: string,
  parsed: Record<string, unknown>,
  present: Record<string, unknown>,
  added: readonly string[],
  wanted: Readonly<Record<string, string>>,
  file: string,
): void {
  const scripts = { ...present };
  for (const name of added) scripts[name] = wanted[name];
  const expected = added.length === 0 ? parsed : { ...parsed, scripts };
  if (JSON.stringify(parse(text, file)) === JSON.stringify(expected)) return;
  throw new RsyncError('RSYNC_INTERNAL', `${file}: the scripts could not be put in without harm`, {
    exitCode: 15,
    origin: 'local',
    hint: 'Add them by hand; this is a fault of rsyncjs.',
  });
}
