/** `rsyncjs setup` (also `doctor`): checks from the configuration to the file system of the server. */

import { readProject } from '../../sync/config/project-config.ts';
import { redactAddress } from '../../sync/config/redaction.ts';
import { originText } from '../../sync/config/source.ts';
import { type CheckResult, runSetup, type SetupProfile, setupExitCode } from '../../sync/doctor/run.ts';
import { profileOf, sshOptionsOf } from '../../sync/project/from-config.ts';
import { severalProfiles } from './project.ts';
import { SetupPrinter, setupJson } from './setup-printer.ts';
import type { Screen } from './terminal.ts';

/** @returns the exit code: rsync's of the first check that failed */
export async function runSetupCommand(
  { profile, json }: { profile: string | undefined; json: boolean },
  screen: Screen,
): Promise<number> {
  const { cwd, env, home, platform, onPrompt, signal, output, columns, isTerminal } = screen.around;
  const argv = profile === undefined ? {} : { profiles: [profile] };
  const prompts = await onPrompt?.();
  /** Read once: the checks ask when their turn comes. */
  const read = () => {
    const project = readProject({ cwd, env, home, platform, argv });
    const chosen = project.profiles.find(
      ({ name }) => project.profiles.length === 1 || name === (profile ?? project.defaultProfile),
    );
    if (chosen === undefined && project.profiles.length > 1) throw severalProfiles(project.profiles);
    return chosen;
  };
  const configured = attempt(read);
  const configure = (): SetupProfile | undefined => {
    if ('error' in configured) throw configured.error;
    const found = configured.value;
    if (found?.remote === undefined) return undefined;
    const { connection, words, rules, location, root } = profileOf({ ...found, remote: found.remote });
    return {
      origin: originText(found.remote.origin),
      location: redactAddress(location),
      root,
      connect: connection,
      options: words,
      rules: rules.filter((rule) => !('file' in rule)),
      excludeFiles: found.excludeFiles.map(({ value }) => value),
    };
  };
  const ssh = 'value' in configured ? sshOptionsOf(configured.value?.ssh ?? {}) : undefined;
  const printer = new SetupPrinter({
    write: (line) => output.out(line),
    marks: screen.utf8 && isTerminal,
    columns,
  });
  if (!json) printer.begin();
  const results: CheckResult[] = [];
  const checks = runSetup({
    configure,
    env,
    ...(ssh === undefined ? {} : { ssh }),
    ...(prompts === undefined ? {} : { onPrompt: prompts }),
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const result of checks) {
    results.push(result);
    if (!json) printer.result(result);
    // A check may take a while: what is known already is shown.
    output.flush();
  }
  if (json) screen.say(setupJson(results));
  else printer.end(results);
  return setupExitCode(results);
}

function attempt<T>(work: () => T): { value: T } | { error: unknown } {
  try {
    return { value: work() };
  } catch (error) {
    return { error };
  }
}
