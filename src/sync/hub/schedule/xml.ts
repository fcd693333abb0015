/** Text between two tags of XML. Control characters, which XML has not, are refused before. */
export function xmlText(text: string): string {
  return text.replace(/[&<>"]/g, (char) => ENTITIES[char]!);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
