/** What of a configuration is never shown. */

const MASK = '***';
/** Names a file, a command or a time, not a secret. */
const HARMLESS = /(?:^|[._-])(?:identity_file|password[-_]file|known_hosts_file|host_key_alias)$/i;
const SECRET = /pass(?:word|wd|phrase)?|pwd|token|secret|credential|(?:^|[._-])(?:api_?)?key$/i;

/** True if a key or variable of this name may hold a secret: its value is not quoted in a message. */
export function isSecretName(name: string): boolean {
  return SECRET.test(name) && !HARMLESS.test(name);
}

/** A remote or any other text with the passwords of its addresses masked: `rsync://me:***@host/module`. */
export function redactAddress(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^/@\s:]*):[^/\s]*@/gi, `$1:${MASK}@`)
    .replace(/(^|[\s'"=])([^/@\s:'"=]+):[^/@\s]+@(?=[^/@\s]*:)/g, `$1$2:${MASK}@`);
}

/** A value as it may be shown under its key. */
export function shownValue(key: string, value: unknown): unknown {
  if (isSecretName(key)) return MASK;
  if (typeof value === 'string') return redactAddress(value);
  if (Array.isArray(value)) return value.map((item) => shownValue(key, item));
  return value;
}
