import type { HostFacts } from '../../../src/transport/diagnose/probe.ts';

/** A host of which nothing is known. */
export const NOTHING: HostFacts = {
  shell: '/bin/bash',
  files: [],
  noisy: false,
  found: [],
  onPath: false,
  exists: false,
  system: 'Linux',
  machine: 'x86_64',
  name: undefined,
  families: [],
  managers: [],
  root: false,
};
