import { platform } from '../../files/platform/index.ts';
import { type Location, parseLocation } from '../../options/location.ts';
import { parseArguments } from '../../options/parse.ts';
import type { TransferOptions } from '../../options/transfer-options.ts';
import type { Account } from '../../transport/diagnose/account.ts';
import type { RemoteShell } from '../../transport/remote-shell.ts';
import { Remote } from '../remote/remote.ts';
import type { SetupInput, SetupProfile } from './input.ts';
import { type FirstListing, listRoot } from './listing.ts';
import type { LocalFacts } from './local-probe.ts';
import { LoginAttempt } from './login-attempt.ts';
import { probeRemote, type RemoteFacts, type RemoteFileFacts } from './remote-probe.ts';
import type { RsyncVersion } from './rsync-version.ts';

/** What the checks share: the settings, the connection, and what the earlier ones have found. */
export class SetupContext {
  readonly input: SetupInput;
  /** What the account there is like, once the shell was asked. */
  account: Account | undefined;
  /** Of the rsync there, if it tells. */
  version: RsyncVersion | undefined;
  /** What the file system there does, once it was tried. */
  remoteFiles: RemoteFileFacts | undefined;
  /** What the local file system can do, once it was tried. */
  local: LocalFacts | undefined;
  #profile: Connected | undefined;
  #listing: Promise<FirstListing> | undefined;
  #probe: Promise<RemoteFacts> | undefined;
  #attempt: LoginAttempt | undefined;

  constructor(input: SetupInput) {
    this.input = input;
  }

  /**
   * Takes up a configuration; nothing is connected.
   * @throws RsyncError RSYNC_USAGE, RSYNC_UNSUPPORTED: options or a location that make no sense
   */
  async configure(profile: SetupProfile): Promise<void> {
    const { ssh, onPrompt, password, env, signal, trace } = this.input;
    const windows = platform.isWindows;
    const words = profile.connect ?? [];
    const { options } = parseArguments([...words, ...(profile.options ?? [])], env, { windows });
    const attempt = new LoginAttempt();
    this.#attempt = attempt;
    const remote = new Remote({
      location: profile.location,
      words,
      env,
      ssh,
      onPrompt,
      password,
      signal,
      trace,
      onFact: (fact) => attempt.learn(fact),
    });
    const shell = await remote.shell();
    attempt.begin = shell?.ssh === undefined ? undefined : () => shell.ssh!.login();
    const place = parseLocation(profile.location, { windows });
    this.#profile = { profile, options, remote, shell, place };
  }

  get isConfigured(): boolean {
    return this.#profile !== undefined;
  }

  get profile(): SetupProfile {
    return this.#connected.profile;
  }

  get options(): TransferOptions {
    return this.#connected.options;
  }

  get remote(): Remote {
    return this.#connected.remote;
  }

  /** The login shell there. Undefined: the other side is a daemon or a folder. */
  get shell(): RemoteShell | undefined {
    return this.#connected.shell;
  }

  get place(): Location {
    return this.#connected.place;
  }

  get login(): LoginAttempt {
    return this.#attempt!;
  }

  /** The other side's root, listed once. */
  listing(): Promise<FirstListing> {
    this.#listing ??= listRoot(this.remote);
    return this.#listing;
  }

  /** What the other side's file system can do, tried once; leaves nothing behind. */
  probe(): Promise<RemoteFacts> {
    this.#probe ??= probeRemote(this.remote);
    return this.#probe;
  }

  async close(): Promise<void> {
    await this.#profile?.remote.close();
  }

  get #connected(): Connected {
    if (this.#profile === undefined) throw new Error('no configuration');
    return this.#profile;
  }
}

interface Connected {
  profile: SetupProfile;
  options: TransferOptions;
  remote: Remote;
  shell: RemoteShell | undefined;
  place: Location;
}
