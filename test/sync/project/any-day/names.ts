/** Names of the simulated project, and which of them no run may touch. */
import type { ByteString } from '../../../../src/core/bytes.ts';
import type { FilterArgument } from '../../../../src/options/transfer-options.ts';
import type { Shot } from './places.ts';

/** What the profile of each machine excludes: everywhere, and one folder at the top. */
export const RULES: readonly FilterArgument[] = [
  { kind: 'exclude', text: '.git' },
  { kind: 'exclude', text: '*.log' },
  { kind: 'exclude', text: '/skip/' },
];

export const ORDINARY: readonly ByteString[] = ['a', 'b', 'folder', 'src', 'c.txt'];
export const ODD: readonly ByteString[] = [
  '-rf',
  ' two words',
  'w*',
  '[ab]',
  'back\\slash',
  'new\nline',
  '\xff\xfe',
  'a:b',
  '.hidden',
  '***',
  'q?',
  '\\',
  'B\xc3\xbcro',
  '~',
  '#x',
];
export const EXCLUDED: readonly ByteString[] = ['x.log', '.git', 'skip'];

const CONFLICT = /\.conflict-\d{8}-\d{6}-/;

/** Of what the program itself puts there. */
export const BACKUP = '.rsyncjs-backup';

/** Of itself or by what is above it; independent of the program's own filter. */
export function isExcluded(path: ByteString, shot: Shot): boolean {
  const parts = path.split('/');
  if (parts[0] === BACKUP || parts[0] === '.rsyncjs-tmp' || parts[0]!.startsWith('.rsyncjs-lock'))
    return true;
  if (parts[0] === 'skip' && shot.get('skip')?.kind === 'directory') return true;
  return parts.some((name) => name === '.git' || name.endsWith('.log') || isConflictName(name));
}

export function isConflictName(path: ByteString): boolean {
  return CONFLICT.test(path);
}

/** What is in the root of a tree that a run has no business to leave there. */
export function isLitter(path: ByteString): boolean {
  const [top = ''] = path.split('/');
  if (top.startsWith('.rsyncjs-') && top !== BACKUP) return true;
  // rsync's own temporary files: a dot, the name, six characters more.
  return /(?:^|\/)\.[^/]+\.[A-Za-z0-9]{6}$/.test(path);
}
