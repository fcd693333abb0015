import { visible } from './auth/prompts.ts';

/** Characters that are kept of what a server says first, and shown of a line of it. */
const KEPT = 512;
const SHOWN = 200;

/**
 * What was said before both sides spoke ssh: the first words, and what each offered in the key exchange (picked from
 * ssh2's log: its errors name neither list).
 */
export class Negotiation {
  #heard = '';
  readonly #offers = new Map<string, { local?: string; remote?: string }>();

  /** A line of ssh2's log, such as "Handshake: (remote) KEX method: curve25519-sha256,...". */
  note(line: string): void {
    const match =
      /^Handshake: \((local|remote)\) (KEX method|Host key format|[CS]->[CS] (?:cipher|MAC)): (.*)$/.exec(
        line,
      );
    if (match === null) return;
    const [, side, what, list] = match;
    const offer = this.#offers.get(what!) ?? {};
    offer[side as 'local' | 'remote'] = list!.replace(/[^\x21-\x7e]/g, '').slice(0, 1000);
    this.#offers.set(what!, offer);
  }

  /** The first bytes of the server. */
  hear(chunk: Uint8Array): void {
    if (this.#heard.length < KEPT) this.#heard += Buffer.from(chunk).toString('latin1').slice(0, KEPT);
  }

  /** A line that came instead of, or before, the name of an ssh server: "; it said: ...", or nothing. */
  get firstWords(): string {
    const lines = this.#heard.split(/\r?\n/).map((text) => visible(text).trim());
    const line = lines.find((text) => text !== '' && !text.startsWith('SSH-'));
    return line === undefined || this.#offers.size > 0 ? '' : `; it said: ${line.slice(0, SHOWN)}`;
  }

  /** The setting of ssh_config and both lists, for an error of ssh2 that says that there was no match. */
  mismatch(message: string): { setting: string; what: string; server: string; client: string } | undefined {
    const words = /no matching (.*)/i.exec(message)?.[1]?.toLowerCase();
    if (words === undefined) return undefined;
    const [key, setting, what] = words.includes('key exchange')
      ? ['KEX method', 'KexAlgorithms', 'key exchange']
      : words.includes('host key')
        ? ['Host key format', 'HostKeyAlgorithms', 'host key type']
        : words.includes('cipher')
          ? [words.startsWith('s') ? 'S->C cipher' : 'C->S cipher', 'Ciphers', 'cipher']
          : [words.startsWith('s') ? 'S->C MAC' : 'C->S MAC', 'MACs', 'MAC'];
    const offer = this.#offers.get(key!);
    if (offer === undefined) return undefined;
    return { setting: setting!, what: what!, server: offer.remote ?? '', client: offer.local ?? '' };
  }
}
