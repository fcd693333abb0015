/** A hub with a home of its own, whose commands run in this process from their words on, and what its spokes are made of. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';
import { join } from 'node:path';
import { run } from '../../../src/cli/run.ts';
import type { SpokeOutcome } from '../../../src/sync/hub/outcome.ts';
import { Capture } from '../../cli/support.ts';
import type { Sshd } from '../../support/sshd.ts';

export interface Ran {
  code: number;
  out: string;
  err: string;
}

export class Hub {
  readonly home: string;
  readonly file: string;
  readonly state: string;

  constructor(base: string) {
    this.home = join(base, 'hub');
    this.file = join(this.home, 'hub.yaml');
    this.state = join(this.home, 'state');
    mkdirSync(join(this.home, '.ssh'), { recursive: true });
  }

  get env(): NodeJS.ProcessEnv {
    return { PATH: process.env.PATH, HOME: this.home, RSYNCJS_STATE_HOME: this.state, LC_ALL: 'C.UTF-8' };
  }

  /** The file, of JSON, which is YAML: only what a test is about has to be said. */
  configure(spokes: readonly object[], hub: object = {}): void {
    writeFileSync(this.file, JSON.stringify({ hub, spokes }));
  }

  /** What leads to a server under a name: host, port, key. */
  knows(name: string, sshd: Sshd, { port = sshd.port, key = sshd.userKeyPath } = {}): void {
    const lines = [
      `Host ${name}`,
      `  HostName 127.0.0.1`,
      `  Port ${port}`,
      `  HostKeyAlias [127.0.0.1]:${sshd.port}`,
      `  IdentityFile ${key}`,
      '  IdentitiesOnly yes',
      `  UserKnownHostsFile ${sshd.knownHostsPath}`,
    ];
    writeFileSync(join(this.home, '.ssh/config'), `${lines.join('\n')}\n`, { flag: 'a', mode: 0o600 });
  }

  /** `rsyncjs hub WORDS --config FILE`. */
  async hub(words: string, signal?: AbortSignal): Promise<Ran> {
    return this.command(['hub', ...words.split(' '), '--config', this.file], signal);
  }

  async command(argv: readonly string[], signal?: AbortSignal): Promise<Ran> {
    const [stdout, stderr] = [new Capture(), new Capture()];
    const code = await run({
      argv,
      env: this.env,
      stdout,
      stderr,
      transfer: () => Promise.reject(new Error('a hub has no use for it')),
      ...(signal === undefined ? {} : { signal }),
    });
    const text = ({ text }: Capture): string => Buffer.from(text, 'latin1').toString('utf8');
    return { code, out: text(stdout), err: text(stderr) };
  }

  /** A run with `--json`: the outcome of each spoke by its name. */
  async run(words = '', signal?: AbortSignal): Promise<Ran & { of: Record<string, SpokeOutcome> }> {
    const ran = await this.hub(`run --json${words === '' ? '' : ` ${words}`}`, signal);
    const { outcomes = [] } = ran.out === '' ? {} : JSON.parse(ran.out);
    return { ...ran, of: Object.fromEntries(outcomes.map((one: SpokeOutcome) => [one.spoke, one])) };
  }
}

/** A way to a server that goes dead: after so many bytes from there nothing comes any more, and nothing is closed. */
export class Stalling {
  readonly port: number;
  readonly #server: ReturnType<typeof createServer>;
  readonly #sockets: Set<Socket>;

  private constructor(server: ReturnType<typeof createServer>, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(to: number, bytes: number): Promise<Stalling> {
    const sockets = new Set<Socket>();
    const server = createServer((near) => {
      const far = dial(to, '127.0.0.1');
      let left = bytes;
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('error', () => {});
      }
      near.pipe(far);
      far.on('data', (chunk: Buffer) => {
        if (left > 0) near.write(chunk);
        left -= chunk.length;
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return new Stalling(server, sockets);
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
