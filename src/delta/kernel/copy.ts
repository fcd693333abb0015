/** Copies `n` bytes. `memory.copy` leaves the module (some 20 ns a call), so short copies are done here. */
export function copy(to: usize, from: usize, n: usize): void {
  if (n > 256) {
    memory.copy(to, from, n);
    return;
  }
  while (n >= 8) {
    store<u64>(to, load<u64>(from));
    to += 8;
    from += 8;
    n -= 8;
  }
  while (n > 0) {
    store<u8>(to, load<u8>(from));
    to++;
    from++;
    n--;
  }
}
