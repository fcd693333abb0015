/** Targets of symlinks that a daemon stores without munging them: docs/protocol/2-file-list.md, 10.4. */

const SLASH = 0x2f;
const DOT = 0x2e;

/**
 * A target that does not climb above the directory that the transfer goes to, and never an absolute one: slashes at its
 * start are dropped, a name is taken back by the `..` behind it, and no more `..` stay than the link has directories
 * above it. Never longer than it was, but for an empty one, which becomes `.`.
 * @param depth  directories above the link in the file list
 */
export function sanitizedTarget(target: Uint8Array, depth: number): Uint8Array {
  const out = new Uint8Array(Math.max(1, target.length));
  let length = 0;
  // What is before this are the `../` that stay.
  let base = 0;
  let ups = depth;
  for (let at = 0; at < target.length; ) {
    if (target[at] === SLASH) {
      at++;
      continue;
    }
    const slash = target.indexOf(SLASH, at);
    const end = slash < 0 ? target.length : slash;
    const isDots = target[at] === DOT && (end === at + 1 || (end === at + 2 && target[at + 1] === DOT));
    const next = slash < 0 ? end : end + 1;
    if (isDots && end === at + 1) {
      at = next;
      continue;
    }
    if (isDots && length > base) {
      // Takes back the name before it.
      length = out.lastIndexOf(SLASH, length - 2) + 1;
    } else if (!isDots || ups > 0) {
      out.set(target.subarray(at, next), length);
      length += next - at;
      if (isDots) {
        ups--;
        base = length;
      }
    }
    at = next;
  }
  if (length === 0) out[length++] = DOT;
  return out.subarray(0, length);
}
