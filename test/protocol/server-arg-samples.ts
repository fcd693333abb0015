import { readFileSync } from 'node:fs';

/** What a client of some release sent for a command line: one object of fixtures/vectors/server-args.json. */
export interface ServerArgSample {
  client: string;
  via: 'remote-shell' | 'daemon';
  argv: string[];
  env?: Record<string, string>;
  sent: string[];
  /** What the client wrote before its version. */
  stdin_args?: string[];
}

export const SERVER_ARG_SAMPLES: readonly ServerArgSample[] = JSON.parse(
  readFileSync(new URL('../../fixtures/vectors/server-args.json', import.meta.url), 'utf8'),
).samples;
