/**
 * Every command of docs/fleet.md, in words, as it is started: for the tests of the manifests, and of the command line.
 * `index`: what the scheduler counts from 0.
 */
export const FLEET_COMMANDS: readonly {
  where: string;
  index?: [variable: string, value: string];
  words: readonly string[];
}[] = [
  { where: 'sh 1', words: ['hub', 'run', '--config', '/etc/rsyncjs/hub.yaml', '--shard', '1/3'] },
  {
    where: 'yaml',
    index: ['JOB_COMPLETION_INDEX', '3'],
    words: ['hub', 'run', '--config', '/etc/rsyncjs/hub.yaml', '--shard', '4/4'],
  },
  {
    where: 'hcl',
    index: ['NOMAD_ALLOC_INDEX', '0'],
    words: ['hub', 'run', '--config', '/etc/rsyncjs/hub.yaml', '--shard', '1/4'],
  },
  {
    where: 'sh 2',
    words: [
      'hub',
      'schedule',
      '--config',
      '/etc/rsyncjs/hub.yaml',
      '--shard',
      '2/3',
      '--every',
      '15m',
      '--install',
    ],
  },
];
