/** `rsyncjs.yaml`: its keys, and each profile's. docs/sync-config.md is the reference. */

import type { Problems } from './problems.ts';
import { type GivenSettings, readSettings } from './project-settings.ts';
import type { SourcedText } from './project-variables.ts';
import { type Origin, type Sourced, sourced } from './source.ts';
import { type OptionWord, splitOptionText } from './sync-options.ts';
import { readConfigText } from './text-file.ts';
import { readYaml } from './yaml-document.ts';
import type { YamlMap } from './yaml-map.ts';
import type { YamlValue } from './yaml-value.ts';

export interface FileProfile {
  name: string;
  origin: Origin;
  /** Relative to the root of the project. */
  path: Sourced<string> | undefined;
  remote: SourcedText | undefined;
  options: Sourced<readonly OptionWord[]> | undefined;
  settings: GivenSettings;
}

export interface ProjectFile {
  /** Of the only profile, where none is named. */
  remote: SourcedText | undefined;
  options: Sourced<readonly OptionWord[]> | undefined;
  /** For every profile that does not say otherwise. */
  settings: GivenSettings;
  defaultProfile: Sourced<string> | undefined;
  profiles: FileProfile[];
}

const PROFILE_NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;

export const EMPTY_PROJECT_FILE: ProjectFile = {
  remote: undefined,
  options: undefined,
  settings: {},
  defaultProfile: undefined,
  profiles: [],
};

/** @returns an empty one if the file is not there or holds nothing */
export function readProjectFile(file: string, problems: Problems): ProjectFile {
  const text = readConfigText(file);
  const top = text === undefined ? undefined : readYaml(file, text, problems);
  if (top === undefined) return EMPTY_PROJECT_FILE;
  const listed = top.get('profiles', { emptyIs: 'absent' });
  const remote = sourcedText(top.get('remote'));
  const read: ProjectFile = {
    remote,
    options: readOptions(top.get('options', { emptyIs: 'absent' }), problems),
    settings: readSettings(top),
    defaultProfile: top.get('default_profile')?.string(),
    profiles: readProfiles(listed, problems),
  };
  top.finish();
  if (remote !== undefined && read.profiles.length > 0) {
    problems.add(
      remote.origin,
      'remote: there are profiles, and each has a remote of its own',
      'Move it into a profile.',
    );
  }
  const { defaultProfile, profiles } = read;
  if (defaultProfile !== undefined && !profiles.some(({ name }) => name === defaultProfile.value)) {
    const names = profiles.map(({ name }) => name).join(', ');
    problems.add(
      defaultProfile.origin,
      `default_profile: there is no profile ${JSON.stringify(defaultProfile.value)}`,
      names === '' ? 'Name it under "profiles".' : `There are ${names}.`,
    );
  }
  return read;
}

function readProfiles(value: YamlValue | undefined, problems: Problems): FileProfile[] {
  if (value?.isList) {
    value.expected(
      'a name in front of each profile',
      'Write "profiles:", below it "NAME:", below that its keys.',
    );
    return [];
  }
  const map = value?.map();
  if (map === undefined) return [];
  const profiles: FileProfile[] = [];
  for (const name of map.names) {
    const origin = map.keyOrigin(name)!;
    const keys = map.map(name);
    if (!PROFILE_NAME.test(name)) {
      problems.add(
        origin,
        `profiles: ${JSON.stringify(name)} is no name of a profile`,
        'Use letters, digits, ".", "_" and "-".',
      );
    }
    if (keys !== undefined) profiles.push(readProfile(name, origin, keys, problems));
    else
      profiles.push({ name, origin, path: undefined, remote: undefined, options: undefined, settings: {} });
  }
  map.finish();
  return profiles;
}

function readProfile(name: string, origin: Origin, keys: YamlMap, problems: Problems): FileProfile {
  const profile = {
    name,
    origin,
    path: keys.get('path')?.string(),
    remote: sourcedText(keys.get('remote')),
    options: readOptions(keys.get('options', { emptyIs: 'absent' }), problems),
    settings: readSettings(keys),
  };
  keys.finish();
  return profile;
}

/** A text that a shell would split, or a list with one argument an item. */
export function readOptions(
  value: YamlValue | undefined,
  problems: Problems,
): Sourced<readonly OptionWord[]> | undefined {
  if (value === undefined) return undefined;
  if (value.isList) {
    const words = value.strings();
    return (
      words &&
      sourced(
        words.map((word) => ({ text: word.value, origin: word.origin })),
        value.origin,
      )
    );
  }
  const text = value.string();
  if (text === undefined) return undefined;
  const words = splitOptionText(text.value, value.key, (index) => value.originOf(index), problems);
  return sourced(words, value.origin);
}

function sourcedText(value: YamlValue | undefined): SourcedText | undefined {
  const text = value?.string();
  return text && value && { ...text, positionOf: (index) => value.originOf(index) };
}
