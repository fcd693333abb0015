/** Why no name matches a pattern of names; undefined: one may. Completes "the pattern ...". */
export function patternFault(pattern: string): string | undefined {
  if (pattern === '') return 'is empty';
  return pattern.includes('/') ? 'has a slash in it: names are matched, not paths' : undefined;
}
