import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { caseNames } from './cases.mjs';

const DIRECTIONS = ['pull', 'push', 'local'];

const USAGE = `node bench/run.mjs [options]      (npm run bench -- [options] builds first)

  --quick            sizes and counts divided by 16, 2 rounds: is the bench in order?
  --rounds N         measured rounds; the median counts (default 5)
  --warmups N        rounds before them that do not count (default 1)
  --only NAMES       these cases, comma-separated: ${caseNames.join(', ')}
  --direction WHICH  pull, push or local alone
  --cipher NAME      the only ssh cipher that the server takes (default: each client's own choice)
  --dir DIR          put the trees under DIR (default: the system's temporary folder)
  --ours PATH        the program under test (default: dist/bundle/main.js); a script is run by this node
  --rsync PATH       the rsync to compare with (default: the newest in .cache/peers, else the one in PATH)
  --timeout SECONDS  kill a run that takes longer (default 600)
  --json FILE        write every run's figures
  --from FILE        show the figures that --json has written; measure nothing
  --write-readme     put the table into bench/README.md
  --profile DIR      do not compare: run ours once per direction under --cpu-prof; wants --only with one case
  --help
`;

export class UsageError extends Error {}

/** Reads the command line; throws UsageError. `undefined`: help was asked for, and printed. */
export function readArguments(words) {
  let values;
  try {
    ({ values } = parseArgs({
      args: words,
      options: {
        quick: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        warmups: { type: 'string', default: '1' },
        only: { type: 'string', multiple: true, default: [] },
        direction: { type: 'string' },
        cipher: { type: 'string' },
        dir: { type: 'string' },
        ours: { type: 'string' },
        rsync: { type: 'string' },
        timeout: { type: 'string', default: '600' },
        json: { type: 'string' },
        from: { type: 'string' },
        'write-readme': { type: 'boolean', default: false },
        profile: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    throw new UsageError(error.message);
  }
  if (values.help) {
    process.stdout.write(USAGE);
    return undefined;
  }

  const names = values.only.flatMap((list) => list.split(',')).filter((name) => name !== '');
  for (const name of names) {
    if (!caseNames.includes(name)) {
      throw new UsageError(`no case "${name}"; there are ${caseNames.join(', ')}`);
    }
  }
  if (values.direction !== undefined && !DIRECTIONS.includes(values.direction)) {
    throw new UsageError(`--direction wants one of ${DIRECTIONS.join(', ')}`);
  }
  if (values.profile !== undefined && names.length !== 1) {
    throw new UsageError('--profile wants --only with one case');
  }
  const whole = !values.quick && names.length === 0 && values.direction === undefined;
  if (values['write-readme'] && values.from === undefined && !whole) {
    throw new UsageError('--write-readme wants all cases, both directions and full sizes');
  }
  return {
    quick: values.quick,
    rounds: integer('--rounds', values.rounds ?? (values.quick ? '2' : '5'), 1),
    warmups: integer('--warmups', values.warmups, 0),
    names: names.length > 0 ? names : caseNames,
    directions: values.direction === undefined ? DIRECTIONS : [values.direction],
    cipher: values.cipher,
    dir: values.dir && resolve(values.dir),
    ours: values.ours && resolve(values.ours),
    rsync: values.rsync && resolve(values.rsync),
    timeout: integer('--timeout', values.timeout, 1),
    json: values.json && resolve(values.json),
    from: values.from && resolve(values.from),
    writeReadme: values['write-readme'],
    profile: values.profile && resolve(values.profile),
  };
}

function integer(name, text, least) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new UsageError(`${name} wants a number from ${least}`);
  return value;
}
