/** What both sides offered in the key exchange, picked from ssh2's log: its errors name neither list. */
export class Negotiation {
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
