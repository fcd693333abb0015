import { DEFAULT_TIME, type EntrySpec } from '../support/tree.ts';

const NEWER = DEFAULT_TIME + 86_400;

/** Per-directory rules under three names, each of its own kind: `.f` as rules, `.words` as words, `.bare` as patterns. */
const SOURCE: EntrySpec[] = [
  { path: '.f', content: '# comment\n- *.tmp\n- /only-top\n\nP kept.*\nH hidden\nR risk.*\n- d/x.c\n' },
  { path: '.rsync-filter', content: '- *.tmp\n- /only-top\n- kept.*\n' },
  { path: '.cvsignore', content: 'ignored *.log' },
  { path: '.words', content: '-_*.tmp\t-_foo\n+_*.c\n' },
  { path: '.bare', content: '*.tmp\n- x\n/only-top\nd/e/\n' },
  ...['keep.c', 'x.c', 'x.tmp', 'only-top', 'x.o', 'ignored', 'y.log', 'hidden', 'foo'].map(file),
  ...['from-home', 'from-above', 'anchored-above', '- x', 'core'].map(file),
  { path: 'd/.f', content: '!\n- a.c\n: .g\n. ./inc\n- /e/only-top\n' },
  { path: 'd/inc', content: '- inc-hidden\n. ./more\n' },
  { path: 'd/more', content: '- more-hidden\n' },
  { path: 'd/.g', content: '- g-hidden\n' },
  { path: 'd/.rsync-filter', content: '- a.c\n+ x.tmp\n' },
  { path: 'd/.words', content: '+_x.tmp !' },
  { path: 'd/.bare', content: '/a.c\n' },
  { path: 'd/.cvsignore', content: 'a.c' },
  ...['a.c', 'x.c', 'x.tmp', 'only-top', 'inc-hidden', 'more-hidden', 'g-hidden', 'ignored', 'hidden'].map(
    (name) => file(`d/${name}`),
  ),
  { path: 'd/e/.f', content: '+ /a.c\n- deep/\n- ***/f1\n' },
  ...['a.c', 'x.c', 'x.tmp', 'only-top', 'g-hidden', 'deep/z', 'f1', 'sub/f1', 'sub/x.tmp'].map((name) =>
    file(`d/e/${name}`),
  ),
  { path: 'r/p/.f', content: '- x1\n- /q/x3\n' },
  { path: 'r/p/.rsync-filter', content: '- x1\n- /q/x3\n' },
  { path: 'r/p/q/.f', content: '- x2\n' },
  ...['x1', 'q/x1', 'q/x2', 'q/x3', 'q/x4', 'q/s/x1', 'q/s/x2', 'q/s/x4'].map((name) => file(`r/p/${name}`)),
  { path: '[b]/.f', content: '- y\n' },
  ...['y', 'z'].map((name) => file(`[b]/${name}`)),
];

/** With rules of its own, which say something else, and surplus that they protect or do not. */
const DESTINATION: EntrySpec[] = [
  { path: '.f', content: '- protected\nH own-hidden\n- *.tmp\nR d/risk.1\n- risk.*\n' },
  { path: '.rsync-filter', content: '- protected\n' },
  { path: '.cvsignore', content: 'protected\n' },
  { path: '.bare', content: 'protected\n' },
  ...['protected', 'kept.1', 'own-hidden', 'x.tmp', 'risk.1', 'core', 'hidden', 'from-above'].map(file),
  { path: 'd/.f', content: '- /local\n' },
  ...['protected', 'kept.1', 'local', 'extra', 'risk.1', 'core', 'x.tmp'].map((name) => file(`d/${name}`)),
  { path: 'd/e/local', content: 'surplus\n' },
  { path: 'gone/.f', content: '- stays\n' },
  ...['stays', 'goes', 'in/stays', 'in/goes', 'core'].map((name) => file(`gone/${name}`)),
  ...['empty/protected', 'lost/x', 'lost/core'].map(file),
  { path: 'r/p/.f', content: '- keep\n' },
  ...['q/keep', 'q/extra', 'q/s/keep', 'q/s/extra'].map((name) => file(`r/p/${name}`)),
];

function file(path: string): EntrySpec {
  return { path, content: `${path}\n`, ...(path.endsWith('.c') ? { mtime: NEWER } : {}) };
}

export const RULES = { rules: { src: SOURCE, dst: DESTINATION, new: [] } };
