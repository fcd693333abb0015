import type { RsyncError } from '../../../core/errors.ts';
import { attempt, malformed, type Place, SYSTEM_SSH_HINT, unsupported } from './faults.ts';
import { findKeyword, type Keyword } from './keywords.ts';
import type { ConfigLine } from './line.ts';
import type { Applies } from './match.ts';
import type { Settled } from './settled.ts';
import { findUnusedKeyword, RAW_COMMANDS, type UnusedKeyword } from './unused-keywords.ts';
import { matchPatternList } from './wildcard.ts';

/** Takes the lines that set something, one by one: all keywords but Host, Match and Include. */
export class Directives {
  readonly #settled: Settled;
  readonly #env: NodeJS.ProcessEnv;
  #ignoreUnknown: string[] | undefined;

  constructor(settled: Settled, env: NodeJS.ProcessEnv) {
    this.#settled = settled;
    this.#env = env;
  }

  /**
   * A line under blocks that apply, or do not (its value is checked all the same), or that can not be decided (then it
   * must not matter).
   *
   * @throws RsyncError RSYNC_USAGE, RSYNC_UNSUPPORTED.
   */
  take({ keyword: name, values, rest }: ConfigLine, place: Place, applies: Applies): void {
    if (name.toLowerCase() === 'ignoreunknown') {
      const patterns = attempt(place, `bad value of ${name}: `, () => singleValue(values));
      if (applies !== true) return;
      this.#ignoreUnknown ??= patterns.toLowerCase().split(',');
      const outcome = this.#settled.first('IgnoreUnknown', place.text);
      this.#settled.note('IgnoreUnknown', values, place.text, outcome);
      return;
    }
    const keyword = findKeyword(name);
    if (keyword !== undefined) {
      this.#keyword(keyword, values, rest, place, applies);
      return;
    }
    const unused = findUnusedKeyword(name);
    if (unused !== undefined) {
      this.#unused(unused, values, rest, place, applies);
      return;
    }
    this.#unknown(name, rest, place, applies);
  }

  #keyword(keyword: Keyword, values: string[], rest: string, place: Place, applies: Applies): void {
    const { name, kind } = keyword;
    const value = attempt(place, `bad value of ${name}: `, () => {
      if (name === 'IdentityAgent') expandVariables(values[0], this.#env);
      return kind === 'proxy' ? keyword.parse(rest) : keyword.parse(values);
    });
    if (applies === false) return;
    const shown = kind === 'proxy' ? rest : values;
    if (applies === true) {
      let outcome = this.#settled.take(keyword, value, place.text);
      if (name === 'CertificateFile' && outcome.used) {
        outcome = { used: false, why: 'the built-in ssh knows no certificates' };
      }
      this.#settled.note(name, shown, place.text, outcome);
      return;
    }
    // Under an undecided block the setting is only looked at: would it change anything?
    const outcome = this.#settled.judge(keyword, value);
    if (outcome.used) throw undecided(name, place, applies);
    this.#settled.note(name, shown, place.text, outcome);
  }

  #unused(keyword: UnusedKeyword, values: string[], rest: string, place: Place, applies: Applies): void {
    const { name, why } = keyword;
    const raw = RAW_COMMANDS.has(name.toLowerCase());
    attempt(place, `bad value of ${name}: `, () => keyword.check(values));
    if (applies === false) return;
    const danger = keyword.refuse?.(raw ? rest : values.join(' '));
    const counts = keyword.refuse !== undefined && applies === true;
    const outcome = counts ? this.#settled.first(name, place.text) : this.#settled.earlier(name);
    if (danger !== undefined && outcome.used) {
      if (applies !== true) throw undecided(name, place, applies);
      throw unsupported(place, `${name}: ${danger}`);
    }
    this.#settled.note(name, raw ? rest : values, place.text, outcome.used ? { used: false, why } : outcome);
  }

  #unknown(name: string, rest: string, place: Place, applies: Applies): void {
    const ignored = matchPatternList(this.#ignoreUnknown ?? [], name.toLowerCase());
    if (place.given && !ignored) {
      throw malformed(place, `unknown keyword ${name}`, 'The keywords are those of ssh_config(5).');
    }
    if (applies === false) return;
    const why = ignored ? 'IgnoreUnknown names it' : 'not a keyword of OpenSSH that this client knows';
    this.#settled.note(name, rest, place.text, { used: false, why });
  }
}

function undecided(name: string, place: Place, applies: Applies): RsyncError {
  const { criterion, reason } = applies as Exclude<Applies, boolean>;
  const hint = criterion.startsWith('Match exec')
    ? `Allow it (--ssh-match-exec, sshMatchExec in the library), give ${name} on the command line, or: ${SYSTEM_SSH_HINT}`
    : `Give ${name} on the command line (-o ${name}=...), or: ${SYSTEM_SSH_HINT}`;
  return unsupported(place, `whether ${name} applies depends on ${criterion}: ${reason}`, hint);
}

function singleValue(values: readonly string[]): string {
  if (values.length !== 1 || values[0] === '') throw new Error('one value is wanted');
  return values[0]!;
}

/** ssh checks the variables of IdentityAgent as soon as it reads the line. */
function expandVariables(value: string | undefined, env: NodeJS.ProcessEnv): void {
  for (const [found, name] of (value ?? '').matchAll(/\$\{([^}]*)\}/g)) {
    if (env[name!] === undefined) throw new Error(`${found} is not known`);
  }
}
