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

/**
 * The arguments of a program; `shell` is the remote shell, `host` is only a word to it. Without a shell both sides are
 * local.
 */
export function commandLine(given: Case, direction: Direction, shell: string | undefined): string[] {
  const sources = words(given.from);
  const destination = words(given.to);
  const remote = (path: string): string => `host:${path}`;
  if (shell === undefined) return [...words(given.args), ...sources, ...destination];
  return [
    ...words(given.args),
    '-e',
    shell,
    ...(direction === 'pull' ? sources.map(remote) : sources),
    ...(direction === 'push' ? destination.map(remote) : destination),
  ];
}
