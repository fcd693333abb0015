import { describe, expect, it } from 'vitest';
import { PROJECT_OPTIONS, takeProjectOptions } from '../../../src/cli/sync/project-arguments.ts';

const taken = (line: string) => takeProjectOptions(line === '' ? [] : line.split(' '));
const none = { settings: {}, dryRun: false, force: false, interactive: false, json: false };

describe('the options of a pull or push in a project', () => {
  it.each([
    ['', none],
    ['-n', { ...none, dryRun: true }],
    ['--dry-run --json', { ...none, dryRun: true, json: true }],
    ['-vnz', { ...none, dryRun: true, settings: { options: ['-vz'] } }],
    ['-nn', { ...none, dryRun: true }],
    // Behind a letter with a value stands the value.
    ['-Tn', { ...none, settings: { options: ['-Tn'] } }],
    ['-vnTn', { ...none, dryRun: true, settings: { options: ['-vTn'] } }],
    ['--conflict newer --force', { ...none, force: true, settings: { conflict: 'newer' } }],
    ['--conflict=keep-both', { ...none, settings: { conflict: 'keep-both' } }],
    ['--max-delete 10% --backup', { ...none, settings: { maxDelete: '10%', backup: true } }],
    ['--profile web --remote h:p', { ...none, settings: { profiles: ['web'], remote: 'h:p' } }],
    ['--only-ignored -v', { ...none, settings: { onlyIgnored: true, options: ['-v'] } }],
    ['--interactive --bwlimit=10', { ...none, interactive: true, settings: { options: ['--bwlimit=10'] } }],
    ['-- -n', { ...none, settings: { options: ['--', '-n'] } }],
    // A flag with a value is none of ours: rsync's grammar says what is wrong.
    ['--force=yes', { ...none, settings: { options: ['--force=yes'] } }],
  ])('%s', (line, expected) => {
    expect(taken(line)).toEqual(expected);
  });

  it('a value that is missing is told', () => {
    expect(() => taken('--conflict')).toThrow('--conflict: its value is missing');
  });

  it('each is described for --help', () => {
    for (const { name, describe: text } of PROJECT_OPTIONS) expect(text, name).toMatch(/^[a-z].*[^.]$/);
  });
});
