/**
 * Names and other text of unknown encoding are held as a `ByteString`: a JavaScript string in which every character
 * is one byte (Latin-1, U+0000 to U+00FF). V8 stores such strings in one byte a character, compares them like memcmp
 * and takes them as Map keys; no name is lost because it is not UTF-8. They become text only at the edge: for the
 * screen (`displayText`), for the platform (`src/files/platform`), for the caller of the library.
 */
export type ByteString = string;

/** The bytes of a ByteString, in a new Buffer. */
export function toBuffer(value: ByteString): Buffer {
  return Buffer.from(value, 'latin1');
}

/** A ByteString of some bytes. */
export function fromBuffer(bytes: Uint8Array, start = 0, end = bytes.length): ByteString {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', start, end);
}

// A name without bytes >= 0x80 is its own UTF-8 form: the common case costs one scan and no copy.
const NON_ASCII = /[\u0080-\uffff]/;

/** True if the string has ASCII characters only, so that it reads the same as bytes and as UTF-8 text. */
export function isAscii(value: string): boolean {
  return !NON_ASCII.test(value);
}

/** Text (UTF-16, what JavaScript and the user type) to the bytes of its UTF-8 form. */
export function fromText(text: string): ByteString {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** Bytes to text, read as UTF-8; malformed parts become U+FFFD. Not reversible: for people only. */
export function toText(value: ByteString): string {
  return isAscii(value) ? value : toBuffer(value).toString('utf8');
}
