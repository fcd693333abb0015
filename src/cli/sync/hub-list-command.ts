/** `rsyncjs hub list`. */
import { fromText, toText } from '../../core/bytes.ts';
import { EXIT } from '../../core/errors.ts';
import type { Spoke } from '../../sync/config/hub-spoke.ts';
import { checkChoice } from '../../sync/hub/choice.ts';
import { nameMatcher, type SpokeFile, spokeFiles } from '../../sync/hub/files.ts';
import { formatTime } from '../../text/dates.ts';
import { escapeLine } from '../../text/escape.ts';
import type { Given } from './commands.ts';
import { example, readHubFile } from './hub-setting.ts';
import { sizeText } from './quantities.ts';
import type { Screen } from './terminal.ts';

/** @returns the exit code: 23 if a folder could not be read, which is told; the others are listed */
export function runHubList(given: Given, screen: Screen): number {
  const config = readHubFile(given, screen);
  const names = given.texts('spoke');
  checkChoice(config, { spokes: names, tags: [] });
  const patterns = given.texts('match');
  const matches = patterns.length > 0 ? nameMatcher(patterns) : undefined;
  const spokes = config.spokes.filter(({ name }) => names.length === 0 || names.includes(name));
  const json = given.flag('json');
  const long = given.flag('long');
  if (spokes.length === 0 && !json) screen.say(...example(config.file));
  let exitCode: number = EXIT.OK;
  if (json) screen.sayPart('{"schema":1,"spokes":[');
  // One after the other: what all of them have may be more than there is memory for.
  for (const [index, spoke] of spokes.entries()) {
    const { files, problem } = filesOf(spoke, matches);
    if (problem !== undefined) {
      exitCode = EXIT.PARTIAL;
      screen.warn(`${spoke.name}: ${problem}`);
    }
    if (json) sayJson(spoke, files, index, screen);
    else sayLines(spoke, files, index, long, screen);
  }
  if (json) screen.say(']}');
  return exitCode;
}

interface Found {
  /** Newest first. */
  files: SpokeFile[];
  /** Why they are not all. */
  problem: string | undefined;
}

function filesOf(spoke: Spoke, matches: ((name: string) => boolean) | undefined): Found {
  const files: SpokeFile[] = [];
  let problem: string | undefined;
  try {
    for (const file of spokeFiles(spoke.path.value, matches ?? nameMatcher(spoke.match.value)))
      files.push(file);
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  files.sort((a, b) => b.mtime - a.mtime || (a.path < b.path ? -1 : 1));
  return { files, problem };
}

function sayJson({ name, path }: Spoke, files: readonly SpokeFile[], index: number, screen: Screen): void {
  const head = `"name":${JSON.stringify(name)},"path":${JSON.stringify(path.value)}`;
  screen.sayPart(`${index > 0 ? ',' : ''}{${head},"files":[`);
  for (const [at, { path: file, size, mtime }] of files.entries()) {
    const entry = { path: toText(file), size, mtime: new Date(mtime).toISOString() };
    screen.sayPart(`${at > 0 ? ',' : ''}${JSON.stringify(entry)}`);
  }
  screen.sayPart(']}');
}

function sayLines(
  { name, method, path }: Spoke,
  files: readonly SpokeFile[],
  index: number,
  long: boolean,
  screen: Screen,
): void {
  if (index > 0) screen.say('');
  screen.say(`${name} (${method}): ${files.length} ${files.length === 1 ? 'file' : 'files'}`);
  for (const { path: file, size, mtime } of files) {
    const slash = screen.around.platform === 'win32' ? '\\' : '/';
    const whole = fromText(path.value) + slash + file.replaceAll('/', slash);
    const line = long ? `${formatTime(mtime / 1000, ' ')}  ${sizeText(size).padStart(8)}  ${whole}` : file;
    screen.sayBytes([`  ${escapeLine(line, screen.utf8)}`]);
  }
}
