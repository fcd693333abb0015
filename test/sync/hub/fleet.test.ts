/** The manifests of docs/fleet.md: their syntax, the names of their fields, and the commands that they start. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { parseCron } from '../../../src/sync/config/cron.ts';
import { parseShard } from '../../../src/sync/hub/shard.ts';
import { FLEET_COMMANDS } from './fleet-commands.ts';
import { type HclBlock, parseHcl } from './hcl.ts';

const page = readFileSync(new URL('../../../docs/fleet.md', import.meta.url), 'utf8');
const blocks = (language: string): string[] =>
  [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , text]) => text!);

/** Fields of the API reference of Kubernetes, as far as a job of this kind may use them; a name is `string` or so. */
type Shape = string | { [field: string]: Shape } | readonly [Shape];
const RESOURCES = { cpu: 'string', memory: 'string' };
const POD: Shape = {
  restartPolicy: 'string',
  containers: [
    {
      name: 'string',
      image: 'string',
      command: ['string'],
      args: ['string'],
      env: [{ name: 'string', value: 'string' }],
      resources: { requests: RESOURCES, limits: RESOURCES },
      volumeMounts: [{ name: 'string', mountPath: 'string', readOnly: 'boolean' }],
    },
  ],
  volumes: [
    {
      name: 'string',
      configMap: { name: 'string' },
      secret: { secretName: 'string', defaultMode: 'number' },
      persistentVolumeClaim: { claimName: 'string' },
    },
  ],
};
const CRON_JOB: Shape = {
  apiVersion: 'string',
  kind: 'string',
  metadata: { name: 'string' },
  spec: {
    schedule: 'string',
    concurrencyPolicy: 'string',
    startingDeadlineSeconds: 'number',
    successfulJobsHistoryLimit: 'number',
    failedJobsHistoryLimit: 'number',
    jobTemplate: {
      spec: {
        completionMode: 'string',
        completions: 'number',
        parallelism: 'number',
        backoffLimit: 'number',
        template: { spec: POD },
      },
    },
  },
};

/** What does not fit, as paths. */
function misfits(value: unknown, shape: Shape, path = ''): string[] {
  if (typeof shape === 'string') return typeof value === shape ? [] : [`${path}: no ${shape}`];
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) return [`${path}: no list`];
    return value.flatMap((item, i) => misfits(item, shape[0], `${path}[${i}]`));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path}: no mapping`];
  return Object.entries(value).flatMap(([name, inner]) => {
    const known = (shape as Record<string, Shape>)[name];
    return known === undefined
      ? [`${path}.${name}: no such field`]
      : misfits(inner, known, `${path}.${name}`);
  });
}

/** The words that a shell starts rsyncjs with. */
function wordsOf(script: string, index: [string, string] | undefined): string[] {
  const output = execFileSync(
    '/bin/sh',
    ['-c', `rsyncjs() { printf '%s\\n' "$@"; }\n${script.replace('exec ', '')}`],
    {
      encoding: 'utf8',
      env: index === undefined ? {} : { [index[0]]: index[1] },
    },
  );
  return output.trimEnd().split('\n');
}

// biome-ignore lint/suspicious/noExplicitAny: what was read fits CRON_JOB.
const manifest = (): any => {
  const [text, ...more] = blocks('yaml');
  expect(more).toEqual([]);
  const document = parseDocument(text!, { strict: true, uniqueKeys: true });
  expect([...document.errors, ...document.warnings]).toEqual([]);
  return document.toJS();
};

test('the CronJob of Kubernetes', () => {
  const found = manifest();
  expect(misfits(found, CRON_JOB)).toEqual([]);
  expect([found.apiVersion, found.kind]).toEqual(['batch/v1', 'CronJob']);
  parseCron(found.spec.schedule);
  const job = found.spec.jobTemplate.spec;
  const pod = job.template.spec;
  expect([found.spec.concurrencyPolicy, job.completionMode, pod.restartPolicy]).toEqual([
    'Forbid',
    'Indexed',
    'Never',
  ]);
  const [container] = pod.containers;
  const mounted = container.volumeMounts.map(({ name }: { name: string }) => name);
  expect(pod.volumes.map(({ name }: { name: string }) => name)).toEqual(mounted);
  // As many pods as there are shards.
  expect(job.completions).toBe(job.parallelism);
  expect(container.args[0]).toContain(`))/${job.completions}"`);
  expect(misfits({ spec: { shedule: '' } }, CRON_JOB)).toEqual(['.spec.shedule: no such field']);
});

test('the job of Nomad', () => {
  const [text, ...more] = blocks('hcl');
  expect(more).toEqual([]);
  const root = parseHcl(text!);
  // Of the job specification of Nomad: block, labels, attributes, blocks.
  const known: Record<string, readonly [labels: number, attributes: string[], blocks: string[]]> = {
    '': [0, [], ['job']],
    job: [1, ['type'], ['periodic', 'group']],
    periodic: [0, ['crons', 'prohibit_overlap'], []],
    group: [1, ['count'], ['restart', 'reschedule', 'volume', 'task']],
    restart: [0, ['attempts', 'mode'], []],
    reschedule: [0, ['attempts', 'unlimited'], []],
    volume: [1, ['type', 'source'], []],
    task: [1, ['driver'], ['config', 'env', 'volume_mount', 'resources']],
    config: [0, ['command', 'args'], []],
    env: [0, ['RSYNCJS_STATE_HOME'], []],
    volume_mount: [0, ['volume', 'destination'], []],
    resources: [0, ['cpu', 'memory'], []],
  };
  function check(block: HclBlock): void {
    const [labels, attributes, inner] = known[block.type]!;
    expect(block.labels).toHaveLength(labels);
    expect(attributes).toEqual(expect.arrayContaining(Object.keys(block.attributes)));
    expect(inner).toEqual(expect.arrayContaining(block.blocks.map(({ type }) => type)));
    for (const child of block.blocks) check(child);
  }
  check(root);
  const [periodic, group] = root.blocks[0]!.blocks;
  parseCron((periodic!.attributes.crons as string[])[0]!);
  const args = group!.blocks.find(({ type }) => type === 'task')!.blocks[0]!.attributes.args as string[];
  expect(args[1]).toContain(`))/${group!.attributes.count}"`);
  expect(() => parseHcl('job "x" {')).toThrow();
  expect(() => parseHcl('job "x" { a = }')).toThrow();
});

describe.skipIf(process.platform === 'win32')('commands (a POSIX shell reads them)', () => {
  test('are those of the table, and all of the page', () => {
    const shells = blocks('sh');
    const scripts: Record<string, string> = {
      'sh 1': shells[0]!,
      'sh 2': shells[1]!,
      yaml: manifest().spec.jobTemplate.spec.template.spec.containers[0].args[0],
      hcl: (
        parseHcl(blocks('hcl')[0]!).blocks[0]!.blocks[1]!.blocks.find(({ type }) => type === 'task')!
          .blocks[0]!.attributes.args as string[]
      )[1]!,
    };
    expect(shells).toHaveLength(2);
    expect(FLEET_COMMANDS.map(({ where }) => where).sort()).toEqual(Object.keys(scripts).sort());
    for (const { where, index, words } of FLEET_COMMANDS) {
      expect([where, ...wordsOf(scripts[where]!, index)]).toEqual([where, ...words]);
      parseShard(words[words.indexOf('--shard') + 1]!);
    }
  });
});
