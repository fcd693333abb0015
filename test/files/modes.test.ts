import { describe, expect, it } from 'vitest';
import {
  executabilityDiffers,
  modeWithoutPerms,
  newDirectoryMode,
  tempFileMode,
} from '../../src/files/modes.ts';

const oct = (mode: number): string => mode.toString(8);

describe('modes without -p (docs/protocol/3-transfer.md, 4.5)', () => {
  it.each([
    // source, existing, umask, -E, expected
    [0o100666, undefined, 0o022, false, 0o100644],
    [0o107777, undefined, 0o022, false, 0o100755],
    [0o042775, undefined, 0o002, false, 0o040775],
    [0o100755, 0o100640, 0o022, false, 0o100640],
    [0o100644, 0o104755, 0o022, false, 0o104755],
    [0o100644, 0o100755, 0o022, true, 0o100644],
    [0o100700, 0o100640, 0o022, true, 0o100750],
    [0o100700, 0o100644, 0o022, true, 0o100755],
    [0o100700, 0o100710, 0o022, true, 0o100710],
    [0o040700, 0o040644, 0o022, true, 0o040644],
  ])('%s over %s', (source, existing, umask, executability, expected) => {
    expect(oct(modeWithoutPerms(source, existing, umask, executability))).toBe(oct(expected));
  });

  it('keeps an inherited set-gid bit of a new directory, and nothing else', () => {
    expect(oct(newDirectoryMode(0o040755, 0o042700))).toBe(oct(0o042755));
    expect(oct(newDirectoryMode(0o040755, 0o040777))).toBe(oct(0o040755));
  });

  it('compares what -E compares', () => {
    expect(executabilityDiffers(0o100644, 0o100600)).toBe(false);
    expect(executabilityDiffers(0o100744, 0o100711)).toBe(false);
    expect(executabilityDiffers(0o100644, 0o100645)).toBe(true);
  });

  it('gives temporary files to the owner alone, writable', () => {
    expect(oct(tempFileMode(0o100444))).toBe('600');
    expect(oct(tempFileMode(0o104755))).toBe('700');
  });
});
