import { closeSync, copyFileSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { randomNumbers, randomStream, textStream, writeLargeFile } from './content.mjs';
import { copyTree, emptyFolder, freshFolder, setTimes } from './trees.mjs';

const MIB = 1 << 20;
const THEN = 1_600_000_000;
const NOW = 1_700_000_000;
const QUICK_DIVISOR = 16;

/*
 * A case makes `source`, and `old` if the target is not empty before a run, in a folder of its own. `restore` brings
 * `target` to the state before a run. `route` is `ssh` unless it says otherwise; with
 * `manyFiles` nothing is deleted before the bench ends (see `freshFolder`). `refuse` looks at rsync's own --stats and says what is wrong if the run did other
 * work than the case is about: a delta transfer that sends the whole file must not be compared with one that does not.
 */

const intoEmpty = (dir) => emptyFolder(join(dir, 'target'));

const allLiteral = ({ literal, totalSize }) =>
  literal === totalSize ? undefined : `literal data ${literal} of ${totalSize} bytes`;

/** `count` files of `least` to `most` random bytes, `perFolder` to a folder. */
function makeSmallFiles(root, count, perFolder, least, most, seed) {
  const bytes = randomStream(seed);
  const random = randomNumbers(seed);
  for (let i = 0; i < count; i++) {
    const folder = join(root, `folder-${String(Math.floor(i / perFolder)).padStart(3, '0')}`);
    if (i % perFolder === 0) mkdirSync(folder, { recursive: true });
    const size = least + Math.floor(random() * (most - least + 1));
    writeFileSync(join(folder, `file-${String(i).padStart(5, '0')}.dat`), bytes(size));
  }
  setTimes(root, NOW);
}

function makeLargeFile(root, name, size, piece) {
  mkdirSync(root, { recursive: true });
  writeLargeFile(join(root, name), size, piece);
  setTimes(root, NOW);
}

/** Overwrites `share` of the file in pieces of 4 KiB at random places, which rsync's blocks do not line up with. */
function changeScattered(path, size, share, seed) {
  const bytes = randomStream(seed);
  const random = randomNumbers(seed);
  const piece = 4096;
  const fd = openSync(path, 'r+');
  for (let left = Math.round((size * share) / piece); left > 0; left--) {
    writeSync(fd, bytes(piece), 0, piece, Math.floor(random() * (size - piece)));
  }
  closeSync(fd);
}

const tiny = {
  name: 'tiny',
  title: () => 'one tiny file (100 B)',
  flags: [],
  prepare: (dir) => makeLargeFile(join(dir, 'source'), 'tiny.txt', 100, textStream(1)),
  restore: intoEmpty,
  refuse: allLiteral,
};

const large = {
  name: 'large',
  title: (divisor) => `one ${512 / divisor} MiB file, incompressible`,
  flags: [],
  prepare: (dir, divisor) =>
    makeLargeFile(join(dir, 'source'), 'large.bin', (512 * MIB) / divisor, randomStream(2)),
  restore: intoEmpty,
  refuse: allLiteral,
};

const smallFiles = {
  name: 'small-files',
  title: (divisor) => `${(10_000 / divisor).toLocaleString('en')} files of 1-4 KiB`,
  flags: [],
  prepare: (dir, divisor) =>
    makeSmallFiles(join(dir, 'source'), 10_000 / divisor, Math.ceil(100 / divisor), 1024, 4096, 3),
  manyFiles: true,
  restore: (dir) => freshFolder(join(dir, 'target')),
  refuse: allLiteral,
};

const unchanged = {
  name: 'unchanged',
  title: (divisor) => `${(30_000 / divisor).toLocaleString('en')} files, nothing to do`,
  flags: [],
  prepare: (dir, divisor) => {
    makeSmallFiles(join(dir, 'source'), 30_000 / divisor, 100, 64, 1024, 4);
    copyTree(join(dir, 'source'), join(dir, 'target'));
  },
  manyFiles: true,
  // A run that leaves it otherwise is refused.
  restore: () => {},
  refuse: ({ transferred }) => (transferred === 0 ? undefined : `${transferred} files transferred`),
};

const delta = {
  name: 'delta',
  title: (divisor) => `${256 / divisor} MiB file, 1 % changed in scattered places`,
  flags: ['--no-whole-file'],
  prepare: (dir, divisor) => {
    const size = (256 * MIB) / divisor;
    const source = join(dir, 'source');
    const old = join(dir, 'old');
    makeLargeFile(old, 'image.bin', size, randomStream(5));
    mkdirSync(source);
    copyFileSync(join(old, 'image.bin'), join(source, 'image.bin'));
    changeScattered(join(source, 'image.bin'), size, 0.01, 6);
    setTimes(source, NOW);
    setTimes(old, THEN);
  },
  restore: (dir) => {
    intoEmpty(dir);
    copyTree(join(dir, 'old'), join(dir, 'target'));
  },
  // 4 KiB pieces each spoil one or two blocks; at the block sizes of these files that is less than a tenth.
  refuse: ({ literal, matched, totalSize }) =>
    literal + matched === totalSize && literal < totalSize / 10
      ? undefined
      : `literal data ${literal} and matched data ${matched} of ${totalSize} bytes`,
};

const compressed = {
  name: 'compressed',
  title: (divisor) => `-z, ${64 / divisor} MiB of text`,
  flags: ['-z'],
  prepare: (dir, divisor) =>
    makeLargeFile(join(dir, 'source'), 'text.txt', (64 * MIB) / divisor, textStream(7)),
  restore: intoEmpty,
  // How well depends on the compressor that is agreed upon (lz4 leaves 72 % of this text); the table shows the bytes.
  refuse: (stats) =>
    allLiteral(stats) ??
    (stats.sent + stats.received < 0.9 * stats.totalSize ? undefined : 'not compressed: as many bytes sent'),
};

const daemonSmall = {
  ...smallFiles,
  name: 'daemon',
  route: 'daemon',
  title: (divisor) => `${smallFiles.title(divisor)}, a daemon`,
};

const localSmall = {
  ...smallFiles,
  name: 'local',
  route: 'local',
  title: (divisor) => `${smallFiles.title(divisor)}, one machine`,
};

const localUnchanged = {
  ...unchanged,
  name: 'local-unchanged',
  route: 'local',
  title: (divisor) => `${unchanged.title(divisor)}, one machine`,
};

const overSsh = [tiny, large, smallFiles, unchanged, delta, compressed];
export const cases = [...overSsh, daemonSmall, localSmall, localUnchanged];
export const caseNames = cases.map(({ name }) => name);

const directionsOf = (route) => (route === 'local' ? ['local'] : ['pull', 'push']);

/** Rows of a table with all cases. */
export const rowCount = cases.reduce((count, { route }) => count + directionsOf(route).length, 0);

/** The cases of these names in `dir/NAME`, at full or a sixteenth of their size. */
export function caseRun(entry, dir, quick) {
  const { name, title, route = 'ssh', flags, manyFiles = false, prepare, restore, refuse } = entry;
  const home = join(dir, name);
  const divisor = quick ? QUICK_DIVISOR : 1;
  return {
    name,
    title: title(divisor),
    route,
    directions: directionsOf(route),
    flags,
    manyFiles,
    source: join(home, 'source'),
    target: join(home, 'target'),
    prepare: () => {
      mkdirSync(home);
      prepare(home, divisor);
    },
    restore: () => restore(home),
    refuse,
  };
}
