/** Types of public keys, as on the wire, that the built-in ssh can log in with. */
const USABLE: ReadonlySet<string> = new Set([
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
]);

/** False for keys on a security token (`sk-...`), certificates, DSA and whatever is newer than this. */
export function isUsableKeyType(type: string): boolean {
  return USABLE.has(type);
}

/** Where a key of another type turned up. */
export interface UnusableKey {
  /** "sk-ssh-ed25519@openssh.com"; anything, for the agent says it. */
  type: string;
  /** The agent's comment, or the file. */
  origin: string;
  inAgent: boolean;
}

/** "the agent offers 2 keys that the built-in ssh can not use: TYPE (COMMENT), ..." */
export function describeUnusable(keys: readonly UnusableKey[]): string[] {
  const list = (some: readonly UnusableKey[]): string =>
    some.map(({ type, origin }) => `${type} (${origin})`).join(', ');
  const [agent, files] = [keys.filter((key) => key.inAgent), keys.filter((key) => !key.inAgent)];
  const parts: string[] = [];
  if (agent.length > 0) {
    const shown = agent.slice(0, 8);
    const more = agent.length > shown.length ? ` and ${agent.length - shown.length} more` : '';
    parts.push(
      `the agent offers ${count(agent.length)} that the built-in ssh can not use: ${list(shown)}${more}`,
    );
  }
  if (files.length > 0) {
    parts.push(`${count(files.length)} in files that the built-in ssh can not use: ${list(files)}`);
  }
  return parts;
}

function count(keys: number): string {
  return keys === 1 ? '1 key' : `${keys} keys`;
}
