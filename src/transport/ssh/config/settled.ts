import type { Keyword } from './keywords.ts';
import { quoteValue } from './line.ts';
import type { SettingReport } from './report.ts';
import { maskSecrets } from './secrets.ts';
import type { SshSettings } from './settings.ts';
import { matchWildcard } from './wildcard.ts';

/** What became of a value. */
export type Outcome =
  /** It counts. */
  | { used: true }
  /** It does not, and why. */
  | { used: false; why: string };

const USED: Outcome = { used: true };

function beaten(source: string): Outcome {
  return { used: false, why: `an earlier value wins (${source})` };
}

/** Settings as they become settled line by line, each with its source: the first value wins, lists add up. */
export class Settled {
  readonly settings: SshSettings = { identityFiles: [] };
  readonly report: SettingReport[] = [];
  readonly #sources = new Map<string, string>();
  readonly #reported = new Set<string>();
  readonly #open = new Map<string, string>();
  #proxy: { by: string; source: string } | undefined;

  /** What would become of the value, without taking it. */
  judge(keyword: Keyword, value: unknown): Outcome {
    if (keyword.kind === 'proxy') return this.#judgeProxy(keyword.name);
    if (keyword.kind === 'list') {
      const known = this.settings[keyword.slot] ?? [];
      const added = (value as string[]).some((entry) => !known.includes(entry));
      return added ? USED : { used: false, why: 'given before' };
    }
    const earlier = this.#sources.get(keyword.slot);
    if (earlier !== undefined) return beaten(earlier);
    return value === undefined ? { used: false, why: '"none" leaves it to later values' } : USED;
  }

  /** Takes a parsed value, if it counts. */
  take(keyword: Keyword, value: unknown, source: string): Outcome {
    const outcome = this.judge(keyword, value);
    if (!outcome.used) {
      if (keyword.kind === 'scalar' && value === undefined) this.#open.set(keyword.slot, keyword.name);
      return outcome;
    }
    const settings = this.settings as unknown as Record<string, unknown>;
    if (keyword.kind === 'proxy') {
      settings.proxy = value;
      this.#proxy = { by: keyword.name, source };
    } else if (keyword.kind === 'list') {
      settings[keyword.slot] = addUp(this.settings[keyword.slot] ?? [], value as string[], keyword.slot);
    } else {
      settings[keyword.slot] = value;
      this.#sources.set(keyword.slot, source);
    }
    return outcome;
  }

  /**
   * A time of `none` gives way to any later value, as in ssh. If none has come, it means what it says: no limit, and not
   * the default of this client, which has one where OpenSSH has not.
   */
  settleOpen(): void {
    for (const [slot, setting] of this.#open) {
      if (this.#sources.has(slot)) continue;
      (this.settings as unknown as Record<string, unknown>)[slot] = 0;
      const row = this.report.find((entry) => entry.setting === setting && entry.value === 'none');
      if (row === undefined) continue;
      row.used = true;
      delete row.why;
    }
  }

  /** ProxyJump and ProxyCommand shut each other out; only `ProxyJump none` leaves room for a later ProxyCommand. */
  #judgeProxy(name: string): Outcome {
    if (this.#proxy === undefined) return USED;
    const open = this.settings.proxy === 'none' && this.#proxy.by === 'ProxyJump' && name === 'ProxyCommand';
    return open ? USED : beaten(this.#proxy.source);
  }

  /** For keywords that have no setting: settles that the first one counts. */
  first(name: string, source: string): Outcome {
    const outcome = this.earlier(name);
    if (outcome.used) this.#sources.set(name, source);
    return outcome;
  }

  /** Has a value of such a keyword counted already? */
  earlier(name: string): Outcome {
    const source = this.#sources.get(name);
    return source === undefined ? USED : beaten(source);
  }

  /** The host name is what the first reading has made of it; the second one does not change it. */
  fixHostName(host: string, source: string | undefined): void {
    this.settings.hostName = host.replaceAll('%', '%%');
    if (source !== undefined) this.report.push({ setting: 'HostName', value: host, source, used: true });
    this.#sources.set('hostName', source ?? this.#sources.get('hostName') ?? 'the host as given');
  }

  /** Notes a line for people, once though it may be read twice. */
  note(setting: string, values: readonly string[] | string, source: string, outcome: Outcome): void {
    const key = `${source}\n${setting}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    const text = typeof values === 'string' ? values : values.map(quoteValue).join(' ');
    const { used } = outcome;
    const value = maskSecrets(setting, text);
    this.report.push({ setting, value, source, used, ...(outcome.used ? {} : { why: outcome.why }) });
  }

  default(setting: string, slot: keyof SshSettings, value: string): void {
    const known = this.settings[slot];
    if (known !== undefined && !(Array.isArray(known) && slot === 'identityFiles' && known.length === 0))
      return;
    this.report.push({ setting, value, source: 'default', used: true });
  }
}

function addUp(known: readonly string[], added: readonly string[], slot: string): string[] {
  let result = [...known];
  for (const entry of added) {
    if (slot === 'sendEnv' && entry.startsWith('-')) {
      result = result.filter((pattern) => !matchWildcard(entry.slice(1), pattern));
    } else if (!result.includes(entry)) {
      result.push(entry);
    }
  }
  return result;
}
