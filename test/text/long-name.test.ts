import { expect, it } from 'vitest';
import { longNames } from '../../src/text/long-name.ts';

// Sources, names, and the %f that rsync 3.5 printed.
it.each([
  [['./s/'], '.', 's/.'],
  [['./s/'], 'a', 's/a'],
  [['/tmp/obs/s'], 's', 'tmp/obs/s'],
  [['/tmp/obs/s'], 's/a', 'tmp/obs/s/a'],
  [['/tmp/obs/s/'], '.', 'tmp/obs/s/.'],
  [['s/sub/../sub'], 'sub/x', 's/sub/../sub/x'],
  [['s/.'], '.', 's/.'],
  [['s/.'], 'a', 's/a'],
  [['.'], '.', '.'],
  [['.'], 'rsh', 'rsh'],
  [['s/sub/.'], 'x', 's/sub/x'],
  [['../obs/s'], 's/a', '../obs/s/a'],
  [['s'], 's/a', 's/a'],
  [['s/a', 'n/tab', '/tmp/obs/s/sub'], 'a', 's/a'],
  [['s/a', 'n/tab', '/tmp/obs/s/sub'], 'tab', 'n/tab'],
  [['s/a', 'n/tab', '/tmp/obs/s/sub'], 'sub/x', 'tmp/obs/s/sub/x'],
  [['x/y/', 'z/w'], 'other', 'x/y/other'],
  [['/'], 'etc', 'etc'],
  [['..'], 'a', '../a'],
  [[], 'a', 'a'],
])('%j: %s', (sources, name, expected) => expect(longNames(sources)(name)).toBe(expected));
