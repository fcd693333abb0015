/**
 * YAML 1.2 (core schema), read strictly: one document, known keys alone, no tags, no merge keys, a bound on its size and on
 * aliases; every mistake has its line and column, and all of them are told at once. The readers of values are in
 * `yaml-value.ts`.
 */
import { isAlias, isMap, LineCounter, type ParsedNode, parseDocument, visit } from 'yaml';
import type { Problems } from './problems.ts';
import type { Origin } from './source.ts';
import { YamlMap } from './yaml-map.ts';

/** Characters: a thousand spokes. The parser needs seconds for a million. */
const LARGEST_YAML = 1 << 18;
/** Aliases are a convenience; more of them than this are an attack on the reader. */
const MOST_ALIASES = 100;

export interface YamlContext {
  file: string;
  text: string;
  problems: Problems;
  /** @param offset  in the text, in UTF-16 units */
  originAt(offset: number, name: string): Origin;
  /** What a node stands for, if it is an alias. */
  resolve(node: ParsedNode | null): ParsedNode | null | undefined;
}

/**
 * The mapping of a file.
 * @returns undefined if the file holds nothing, or nothing that could be read: then there are problems
 */
export function readYaml(file: string, text: string, problems: Problems): YamlMap | undefined {
  const source = text.startsWith('\ufeff') ? text.slice(1) : text;
  const lines = new LineCounter();
  const originAt = (offset: number, name: string): Origin => {
    const { line, col } = lines.linePos(offset);
    return { kind: 'file', name, file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (source.length > LARGEST_YAML) {
    problems.add(
      { kind: 'file', name: file, file },
      `found ${source.length} characters, expected at most ${LARGEST_YAML}`,
    );
    return undefined;
  }
  const strange = source.indexOf('\ufffd');
  const doc = parse(source, lines);
  if (doc === undefined) {
    problems.add({ kind: 'file', name: file, file }, 'the values are nested too deeply');
    return undefined;
  }
  for (const { message, pos, code } of [...doc.errors, ...doc.warnings]) {
    const said = code === 'MULTIPLE_DOCS' ? 'found a second document, expected one' : message;
    problems.add(originAt(pos[0], file), said);
  }
  if (strange >= 0) {
    const hint = 'Save the file as UTF-8: a path would be another one.';
    problems.add(originAt(strange, file), 'found something that is not UTF-8', hint);
    return undefined;
  }
  if (doc.errors.length > 0) return undefined;
  let aliases = 0;
  visit(doc, {
    Alias: (_key, node) => {
      if (++aliases <= MOST_ALIASES) return undefined;
      problems.add(
        originAt(node.range?.[0] ?? 0, file),
        `found more than ${MOST_ALIASES} aliases`,
        'Write the values out.',
      );
      return visit.BREAK;
    },
  });
  if (aliases > MOST_ALIASES) return undefined;
  const context: YamlContext = {
    file,
    text: source,
    problems,
    originAt,
    resolve: (node) => (isAlias(node) ? (node.resolve(doc) as ParsedNode | undefined) : node),
  };
  const root = context.resolve(doc.contents);
  if (root === null || root === undefined) return undefined;
  if (isMap(root) && root.items.length === 0) return undefined;
  if (isMap(root)) return new YamlMap(root, '', context);
  // A file of comments alone has an empty scalar for its content.
  if ('value' in root && root.value === null) return undefined;
  problems.add(originAt(root.range[0], file), 'expected keys and values, such as "remote: user@host:/path"');
  return undefined;
}

/** Undefined if the stack did not suffice. */
function parse(source: string, lineCounter: LineCounter) {
  try {
    return parseDocument(source, {
      version: '1.2',
      schema: 'core',
      merge: false,
      resolveKnownTags: false,
      strict: true,
      stringKeys: true,
      // It compares each key with each; YamlMap looks them up.
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'error',
      lineCounter,
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
