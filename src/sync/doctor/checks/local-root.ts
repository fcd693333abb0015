import { accessSync, constants, readdirSync, statfsSync, statSync } from 'node:fs';
import { EXIT } from '../../../core/errors.ts';
import { errnoCode, errnoText } from '../../../files/errors.ts';
import { type Check, fault, ok, warning } from '../check.ts';
import { probeLocal } from '../local-probe.ts';

/** Bytes below which a file system is about to be full. */
const LITTLE = 1024 ** 3;

export const localRoot: Check = {
  name: 'local-root',
  about:
    'The folder on this machine: it is there, can be listed and written to (a folder of a few bytes is made and removed), and has room.',
  outcomes: [
    { grade: 'ok', when: 'it can be written to, and there is room' },
    {
      grade: 'warning',
      when: 'it can be read only, or less than 1 GiB is free',
      remedy: 'A push works; for a pull make it writable, or make room.',
    },
    {
      grade: 'error',
      when: 'it is missing, no folder, or can not be read',
      remedy: 'Correct the root, or its rights.',
    },
  ],
  needs: ['configuration'],
  run: (context) => {
    const { root } = context.profile;
    try {
      if (!statSync(root).isDirectory()) {
        return fault(EXIT.FILESELECT, `${root} is no folder`, 'Name the folder that is to be synchronised.', {
          root,
        });
      }
      readdirSync(root);
    } catch (error) {
      const code = errnoCode(error) === 'ENOENT' ? EXIT.FILESELECT : EXIT.PARTIAL;
      return fault(code, `${root}: ${errnoText(error)}`, 'Correct the root, or let this account read it.', {
        root,
      });
    }
    const free = freeBytes(root);
    const details = { root, writable: true, freeBytes: free };
    try {
      accessSync(root, constants.W_OK);
      context.local = probeLocal(root);
    } catch (error) {
      return warning(
        `${root} can be read, but not written to: ${errnoText(error)}`,
        'A push works. For a pull, let this account write there.',
        { ...details, writable: false },
      );
    }
    if (free !== undefined && free < LITTLE) {
      return warning(`${root} has only ${mebi(free)} free`, 'Make room before a pull.', details);
    }
    return ok(`${root} can be read and written${free === undefined ? '' : `, ${mebi(free)} free`}`, details);
  },
};

function freeBytes(root: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(root);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

function mebi(bytes: number): string {
  const mib = bytes / 1024 ** 2;
  return mib < 10 * 1024 ? `${Math.floor(mib)} MiB` : `${Math.floor(mib / 1024)} GiB`;
}
