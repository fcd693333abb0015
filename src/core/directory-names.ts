import type { ByteString } from './bytes.ts';

// A string's header, its place in the array and in the map.
const ENTRY_OVERHEAD = 80;

/** The directory parts of a list's names, each kept once and numbered from 0. */
export class DirectoryNames {
  /** By number. */
  names: ByteString[] = [];
  private numbers: Map<ByteString, number> | undefined;
  private last = 0;
  private length = 0;

  /** Bytes of storage, roughly. */
  get byteLength(): number {
    return this.length + this.names.length * ENTRY_OVERHEAD;
  }

  /** Number of the directory part `name[0..length)`. Neighbours mostly share it, so the last one is tried first. */
  intern(name: Buffer, length: number): number {
    const { names } = this;
    if (names.length > 0 && equals(name, length, names[this.last]!)) return this.last;
    const dir = name.toString('latin1', 0, length);
    let number = this.lookup(dir);
    if (number === undefined) {
      number = names.push(dir) - 1;
      this.numbers?.set(dir, number);
      this.length += length;
    }
    this.last = number;
    return number;
  }

  stripLeadingSlashes(): void {
    this.names = this.names.map((dir) => (dir.startsWith('/') ? dir.slice(1) : dir));
    this.numbers = undefined;
  }

  private lookup(dir: ByteString): number | undefined {
    // Most sub-lists have one directory, and need no map.
    if (this.names.length === 0) return undefined;
    if (this.numbers === undefined) {
      this.numbers = new Map();
      for (let number = 0; number < this.names.length; number++)
        this.numbers.set(this.names[number]!, number);
    }
    return this.numbers.get(dir);
  }
}

function equals(name: Buffer, length: number, dir: ByteString): boolean {
  if (dir.length !== length) return false;
  // From the end: siblings differ there.
  for (let c = length - 1; c >= 0; c--) if (name[c] !== dir.charCodeAt(c)) return false;
  return true;
}
