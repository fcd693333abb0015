import type { Case, Direction } from './cases.ts';

/** Splits at blanks; single and double quotes keep what is between them; nothing else is special. */
export function words(text: string): string[] {
  return [...text.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''),
  );
}

/** A case as a person would type it, for test names and reports. */
export function title(given: Case, direction: Direction): string {
  return `${direction} ${given.fixture}: ${given.args} ${given.from} ${given.to}`.trimEnd();
}

/** How a command line reaches the other side. */
export interface Remote {
  options: readonly string[];
  /** A path there, as a word of the command line. */
  path(path: string): string;
}

/** Through a remote shell, to which the host is only a word. */
export function throughShell(shell: string): Remote {
  return { options: ['-e', shell], path: (path) => `host:${path}` };
}

/** In a module of a daemon on the loopback interface. */
export function inModule(port: number, module: string): Remote {
  return { options: [], path: (path) => `rsync://127.0.0.1:${port}/${module}/${path}` };
}

/** The arguments of a program. Without a remote both sides are local. */
export function commandLine(given: Case, direction: Direction, remote: Remote | undefined): string[] {
  const sources = words(given.from);
  const destination = words(given.to);
  if (remote === undefined) return [...words(given.args), ...sources, ...destination];
  return [
    ...words(given.args),
    ...remote.options,
    ...(direction === 'pull' ? sources.map(remote.path) : sources),
    ...(direction === 'push' ? destination.map(remote.path) : destination),
  ];
}
