/** `rwxr-xr-x`; set-id and sticky bits in place of the x, upper case where there is no x below them. */
export function permissions(mode: number): string {
  return (
    triple(mode >> 6, mode & 0o4000, 's') +
    triple(mode >> 3, mode & 0o2000, 's') +
    triple(mode, mode & 0o1000, 't')
  );
}

function triple(bits: number, special: number, letter: string): string {
  const execute = bits & 1 ? (special ? letter : 'x') : special ? letter.toUpperCase() : '-';
  return (bits & 4 ? 'r' : '-') + (bits & 2 ? 'w' : '-') + execute;
}
