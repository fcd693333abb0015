/** `%NAME%` in values: docs/protocol/4-filters-and-options.md, G.1. */
import { type ByteString, fromText } from '../../../core/bytes.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

const REFERENCE = /%([A-Z][A-Za-z0-9_]*)%/g;

/** The value with each variable that exists put in; all else stays as it is. `encode` is for what has to be quoted. */
export function expandVariables(
  value: ByteString,
  variables: Variables,
  encode: (text: ByteString, name: string) => ByteString = (text) => text,
): ByteString {
  return value.replace(REFERENCE, (whole, name: string) => {
    const text = variables[name];
    return text === undefined ? whole : encode(fromText(text), name);
  });
}
