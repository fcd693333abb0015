/**
 * The `.rsync-exclude` that `init` writes: rsync's own form, for `--exclude-from` of any rsync. A name that is also one
 * of source folders is anchored to the root; `.git` has no slash at its end, since in worktrees and submodules it is a
 * file.
 */
import { PROBE_PREFIX } from '../doctor/probe-names.ts';
import { CONFLICT_PATTERN } from './conflict-names.ts';

interface Section {
  title: string;
  patterns: readonly string[];
}

const SECTIONS: readonly Section[] = [
  {
    title: "Git's own data: a folder, or a file in worktrees and submodules. Hence no slash at its end",
    patterns: ['.git'],
  },
  {
    title: 'Dependencies, which each machine installs for itself',
    patterns: [
      'node_modules/',
      '.pnpm-store/',
      '.venv/',
      '/venv/',
      '/env/',
      '/vendor/bundle/',
      '*.egg-info/',
    ],
  },
  {
    title: 'Build output: in the root only, since deeper folders of these names may be sources',
    patterns: ['/dist/', '/build/', '/out/', '/output/', '/bin/', '/obj/', '/target/', '/coverage/'],
  },
  {
    title: 'Compiled files',
    patterns: ['*.pyc', '*.pyo', '*.class', '*.o', '*.obj', '*.so', '*.dylib', '*.dll'],
  },
  {
    title: 'Caches',
    patterns: [
      ...['.cache/', '__pycache__/', '.pytest_cache/', '.mypy_cache/', '.ruff_cache/', '.tox/', '.nox/'],
      ...[
        '.next/',
        '.nuxt/',
        '.svelte-kit/',
        '.turbo/',
        '.parcel-cache/',
        '.vite/',
        '.gradle/',
        '.eslintcache',
      ],
      '*.tsbuildinfo',
    ],
  },
  {
    title: 'Keys of ssh',
    patterns: [
      '.ssh/',
      'id_rsa',
      'id_rsa.*',
      'id_ecdsa',
      'id_ecdsa.*',
      'id_ed25519',
      'id_ed25519.*',
      '*.ppk',
    ],
  },
  { title: 'Logs', patterns: ['*.log', '*.log.[0-9]*', '/logs/'] },
  {
    title: 'Databases, which are not whole while they are in use',
    patterns: ['*.db', '*.db-*', '*.sqlite', '*.sqlite-*', '*.sqlite3', '*.sqlite3-*'],
  },
  {
    title: 'What belongs to one machine',
    patterns: [
      '.env.local',
      '.env.*.local',
      '.direnv/',
      '*.pid',
      '*.sock',
      '.idea/workspace.xml',
      '.vagrant/',
    ],
  },
  {
    title: 'What editors leave behind',
    patterns: ['*~', '.#*', '.*.swp', '.*.swo'],
  },
  {
    title: 'What systems leave behind',
    patterns: [
      ...['.DS_Store', '._*', '.Spotlight-V100/', '.Trashes/', '.fseventsd/', '.TemporaryItems/'],
      ...['Thumbs.db', 'ehthumbs.db', '[Dd]esktop.ini', '$RECYCLE.BIN/', '.Trash-*/', '.directory', '.nfs*'],
    ],
  },
  {
    title: 'Alternate streams of NTFS, as WSL writes them out',
    patterns: ['*:Zone.Identifier', '*:sec.endpointdlp', '*:SmartScreen', '*:com.dropbox.attrs'],
  },
  {
    title:
      'What rsync and rsyncjs leave behind: unfinished files, losers of conflicts, the lock, a check cut short',
    patterns: [
      ...['.~tmp~/', '.rsync-partial/', CONFLICT_PATTERN],
      ...['/.rsyncjs-lock*', `/${PROBE_PREFIX}*`],
    ],
  },
];

/** The file, with a line feed at each line's end. */
export function excludeText(): string {
  const head = [
    '# What is not synchronised: patterns as rsync --exclude-from reads them, the first match counts.',
    '# "/name" is name in the root alone, "name/" a folder, "name" either; "- " or nothing excludes, "+ " includes.',
  ];
  const sections = SECTIONS.flatMap(({ title, patterns }) => ['', `# ${title}.`, ...patterns]);
  return `${[...head, ...sections].join('\n')}\n`;
}
