import type { FilterArgument } from '../../options/transfer-options.ts';
import type { RemoteSettings } from '../remote/remote.ts';

/** What is to be checked: one local root and one other side. */
export interface SetupProfile {
  /** Where the settings come from, for a person: ".env, line 3". */
  origin: string;
  /** The other side, as `RemoteSettings.location`. */
  location: string;
  /** Folder of this machine, in its form. */
  root: string;
  /** How to connect, in rsync's grammar, as `RemoteSettings.words`. Default: none. */
  connect?: readonly string[];
  /** The other options of a synchronisation, in rsync's grammar. Default: none. */
  options?: readonly string[];
  /** Filter rules that come before those of the exclude files, BUILT_IN_EXCLUDES among them. Default: none. */
  rules?: readonly FilterArgument[];
  /** Files of exclude patterns, in this machine's form, that must be there. Default: none. */
  excludeFiles?: readonly string[];
  /** Nothing is ever written at the other side. Default false. */
  readOnly?: boolean;
}

export interface SetupInput
  extends Pick<RemoteSettings, 'ssh' | 'onPrompt' | 'password' | 'env' | 'signal' | 'trace'> {
  /**
   * Reads the configuration. Undefined: nothing is configured, which is no mistake.
   * @throws RsyncError what is wrong with it, and where
   */
  configure(): SetupProfile | undefined | Promise<SetupProfile | undefined>;
  /** False: nothing is connected, and what needs the other side is omitted. Default true. */
  network?: boolean;
}
