/** The remote shell of a machine whose connections die. */
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fakeShell, type Peer } from '../../../support/peers.ts';

/** Longer than any server needs to see that its client is gone. */
const PATIENCE = 30_000;

export class MortalShell {
  readonly path: string;
  readonly #folder: string;

  constructor(folder: string, peer: Peer) {
    this.#folder = folder;
    this.path = join(folder, 'mortal-shell');
    const shell = fakeShell(folder, peer);
    writeFileSync(
      this.path,
      `#!/bin/sh
trap : HUP TERM PIPE
alive='${folder}'/alive.$$
: >"$alive"
cut='${folder}/cut'
connection=0
if [ -f "$cut" ]; then
  read -r connection bytes <"$cut"
  if [ $connection -le 1 ]; then
    rm "$cut"
  else
    echo "$((connection - 1)) $bytes" >"$cut"
  fi
fi
if [ $connection -eq 1 ]; then
  dd bs=1 count=$bytes 2>/dev/null | '${shell}' "$@"
else
  '${shell}' "$@"
fi
status=$?
rm "$alive"
exit $status
`,
    );
    chmodSync(this.path, 0o755);
  }

  /** Of the `connection`th from now on, from 1 on, the server hears no more than so many bytes. */
  cut(connection: number, bytes: number): void {
    writeFileSync(join(this.#folder, 'cut'), `${connection} ${bytes}\n`);
  }

  /** Whether it came to that; from now on nothing is cut. */
  wasCut(): boolean {
    const isLeft = readdirSync(this.#folder).includes('cut');
    rmSync(join(this.#folder, 'cut'), { force: true });
    return !isLeft;
  }

  /** Servers that lost their clients have ended, and do no more. */
  async isOver(): Promise<void> {
    const until = Date.now() + PATIENCE;
    while (readdirSync(this.#folder).some((name) => name.startsWith('alive.'))) {
      if (Date.now() > until) throw new Error('a server does not end');
      await delay(5);
    }
  }
}
