/**
 * The text of a key as it comes out of editors, environment variables and secret stores, brought back into the form
 * that it was made in: one `\n` after each line, no byte order mark, no quotes around it, no `\n` spelled out, no lines
 * joined by blanks.
 */
export function repairKeyText(content: Uint8Array | string): string {
  let text = decode(content).trim();
  const quote = text[0];
  if ((quote === '"' || quote === "'") && text.length > 1 && text.endsWith(quote)) text = text.slice(1, -1);
  // A backslash is in no key format.
  if (text.includes('-----BEGIN')) text = text.replace(/\\r/g, '').replace(/\\n/g, '\n');
  const lines = text.replace(/\r\n?/g, '\n').trim().split('\n');
  return unfold(lines.map((line) => line.trim()).join('\n'));
}

function decode(content: Uint8Array | string): string {
  if (typeof content === 'string') return content.replace(/^\uFEFF/, '');
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  // What PowerShell's `>` makes of a key.
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2);
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

const ENVELOPE = /^(-----BEGIN [A-Z0-9 ]+-----)\s*([A-Za-z0-9+/=\s]+?)\s*(-----END [A-Z0-9 ]+-----)$/;

/** PEM without headers: the body again in lines of 64 characters. */
function unfold(text: string): string {
  const match = ENVELOPE.exec(text);
  if (match === null) return text;
  const [, begin, body, end] = match;
  return `${begin}\n${body!.replace(/\s/g, '').replace(/.{1,64}/g, '$&\n')}${end}`;
}
