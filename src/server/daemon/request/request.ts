/** What a client asks for, after `@RSYNCD: OK`, and what of that it gets. */
import type { ByteString } from '../../../core/bytes.ts';
import { EXIT, isRsyncError, RsyncError } from '../../../core/errors.ts';
import { emptyDraft, readWords } from '../../../options/parse.ts';
import { resolveOptions } from '../../../options/resolve.ts';
import { LONG_NAMES, SHORT_NAMES } from '../../../options/table.ts';
import { ArgumentListReader } from '../../../protocol/daemon-args.ts';
import { parseServerCommand, type ServerCommand, withSecludedWords } from '../../server-command.ts';
import { Refusals } from '../access/refusals.ts';
import type { Dialogue } from '../dialogue.ts';
import type { ModuleView } from '../module/module-view.ts';

export interface Request {
  /** What comes before the first path, which is `.`; as meant, not as escaped. */
  options: readonly ByteString[];
  /** The paths after the `.`, with the module's name, as sent. */
  paths: readonly ByteString[];
  isSecluded: boolean;
}

/** Reads the arguments, those of `--secluded-args` included. */
export async function readRequest(dialogue: Dialogue, protocol: number): Promise<Request> {
  const first = await readList(dialogue, protocol);
  const scan = scanWords(first);
  // Clients from 3.2.4 on escape the values of options as for a shell that is not there.
  const options = scan.options.map((word) => word.replace(/\\([\s\S])/g, '$1'));
  if (!scan.isSecluded) return { options, paths: scan.paths, isSecluded: false };
  // The first string stands for the name of a program; the others are not escaped.
  const [, ...rest] = await readList(dialogue, 30);
  const second = scanWords(rest);
  return { options: [...options, ...second.options], paths: second.paths, isSecluded: true };
}

async function readList(dialogue: Dialogue, protocol: number): Promise<ByteString[]> {
  const list = new ArgumentListReader(protocol);
  while (!(await dialogue.read((r) => list.next(r))));
  return list.words;
}

interface Scan {
  options: ByteString[];
  paths: ByteString[];
  isSecluded: boolean;
}

/** Where the options end. A `.` may also be the value of one, and what follows the paths is no option. */
function scanWords(words: readonly ByteString[]): Scan {
  let isSecluded = false;
  const paths = readWords(words, emptyDraft(asItIs), {
    firstPathEnds: true,
    lookUp: (kind, name) => {
      const entry = kind === 'long' ? LONG_NAMES.get(name) : SHORT_NAMES.get(name);
      if (entry?.entry.long === 'secluded-args') isSecluded = !entry.negated;
      const takesValue = entry !== undefined && !entry.negated && entry.entry.argument !== undefined;
      return { takesValue, apply: () => {} };
    },
  });
  const options = words.slice(0, words.length - paths.length);
  if (paths.length > 0 && options.at(-1) === '--') options.pop();
  return { options, paths: paths.slice(1), isSecluded };
}

function asItIs(value: ByteString): ByteString {
  return value;
}

/** What is to be done, or why nothing is: the client learns that once the session has begun. */
export interface Judgement {
  command: ServerCommand;
  refusal: RsyncError | undefined;
}

/** @param readOnly  after what the rule for the user says */
export function judge(request: Request, module: ModuleView, readOnly: boolean): Judgement {
  const isSender = request.options.includes('--sender');
  try {
    new Refusals(module.text('refuseOptions')).check(request.options);
    const command = readCommand(request);
    if (isSender && module.values.writeOnly) throw wrongWay('ERROR: module is write only');
    if (!isSender && readOnly) throw wrongWay('ERROR: module is read only');
    return { command, refusal: undefined };
  } catch (error) {
    if (!isRsyncError(error)) throw error;
    return { command: emptyCommand(isSender), refusal: error };
  }
}

function readCommand({ options, paths, isSecluded }: Request): ServerCommand {
  // Nothing after the dashes is an option: those were looked at for refusals.
  const rest = ['--', '.', ...paths];
  return isSecluded ? withSecludedWords(options, rest) : parseServerCommand([...options, ...rest]);
}

function wrongWay(message: string): RsyncError {
  return new RsyncError('RSYNC_USAGE', message, { exitCode: EXIT.SYNTAX, origin: 'remote' });
}

/** Enough for a session that ends as soon as it has begun: nothing is offered that both ends would have to agree on. */
function emptyCommand(isSender: boolean): ServerCommand {
  return {
    role: isSender ? 'sender' : 'receiver',
    options: resolveOptions(),
    capabilities: '',
    errorsTo: 'messages',
    directory: '.',
    paths: [],
    named: new Set(),
  };
}
