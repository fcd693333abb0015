/** RFC 4251, section 5: `uint32` is 4 bytes, big-endian; `string` is a uint32 length and so many bytes. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** @throws Error if the bytes end before. */
  uint32(): number {
    if (this.left < 4) throw new Error('unexpected end');
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }

  /** A view, not a copy. @throws Error if the bytes end before. */
  string(): Buffer {
    const length = this.uint32();
    if (length > this.left) throw new Error('unexpected end');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

export function wireUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function wireString(value: Uint8Array | string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([wireUint32(bytes.length), bytes]);
}
