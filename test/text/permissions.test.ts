import { expect, it } from 'vitest';
import { permissions } from '../../src/text/permissions.ts';

it.each([
  [0o7777, 'rwsrwsrwt'],
  [0o7666, 'rwSrwSrwT'],
  [0o0, '---------'],
  [0o4001, '--S-----x'],
  [0o2010, '-----s---'],
])('writes %o', (mode, expected) => expect(permissions(mode)).toBe(expected));
