/** The processes of the connections, seen from the one that listens. */
import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type ByteString, fromText } from '../../../core/bytes.ts';
import type { Variables } from '../config/variables.ts';
import type { DaemonSettings } from '../settings.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { Slots } from './slots.ts';
import { Supervision } from './supervisor.ts';

/** Bounds of one daemon, so that clients that do nothing, or far too much, leave room for others. */
export interface WorkerLimits {
  /** Connections at a time. */
  connections: number;
  /** Of these, clients that are not past the checks of their module. */
  strangers: number;
  /** MiB of objects in the memory of one worker. File lists are held outside of that. */
  memory: number;
}

/** A worker that waits takes some 40 MiB. */
export const WORKER_LIMITS: WorkerLimits = { connections: 200, strangers: 40, memory: 1024 };

/** Milliseconds for workers to put away what they have begun. */
const GRACE = 5000;

/** Beside this file, both as a module and in the bundle: a worker is started from what was built. */
const ENTRY = fileURLToPath(new URL('./worker.js', import.meta.url));

interface Worker {
  process: ChildProcess;
  supervision: Supervision;
  isStranger: boolean;
}

export class Workers {
  private readonly settings: DaemonSettings;
  private readonly log: (line: ByteString) => void;
  private readonly limits: WorkerLimits;
  private readonly env: Variables;
  private readonly slots = new Slots();
  private readonly busy = new Set<Worker>();
  /** Waits for the next connection, so that this one does not wait for Node to start. */
  private spare: Worker | undefined;
  private isStopping = false;

  /** @param env  the environment of the workers */
  constructor(
    settings: DaemonSettings,
    env: Variables,
    log: (line: ByteString) => void,
    limits = WORKER_LIMITS,
  ) {
    this.settings = settings;
    this.env = env;
    this.log = log;
    this.limits = limits;
  }

  start(): void {
    this.spare ??= this.fork();
  }

  /** False: there are too many, and the socket is still the caller's. */
  serve(socket: Socket, address: string): boolean {
    const strangers = [...this.busy].filter(({ isStranger }) => isStranger).length;
    if (this.busy.size >= this.limits.connections || strangers >= this.limits.strangers) return false;
    const worker = this.spare ?? this.fork();
    this.spare = undefined;
    this.busy.add(worker);
    send(worker, { type: 'connection', settings: this.settings, address }, socket);
    setImmediate(() => {
      if (!this.isStopping) this.start();
    });
    return true;
  }

  /** Ends all connections, the way an interrupt ends a transfer: no temporary file stays. */
  async stop(): Promise<void> {
    this.isStopping = true;
    const all = [...this.busy, ...(this.spare === undefined ? [] : [this.spare])];
    const ends = all.map(({ process }) => new Promise((resolve) => process.once('exit', resolve)));
    for (const worker of all) send(worker, { type: 'stop' });
    const timer = setTimeout(() => {
      for (const { process } of all) process.kill('SIGKILL');
    }, GRACE);
    await Promise.all(ends);
    clearTimeout(timer);
  }

  private fork(): Worker {
    const child = fork(ENTRY, [], {
      env: this.env,
      execArgv: [...process.execArgv, `--max-old-space-size=${this.limits.memory}`],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const worker: Worker = {
      process: child,
      isStranger: true,
      supervision: new Supervision(this.slots, () => {
        worker.isStranger = false;
      }),
    };
    child.on('message', (message: FromWorker) => void this.answer(worker, message));
    child.on('error', (error) => this.log(fromText(`a process for a connection: ${error.message}`)));
    child.once('exit', (code, signal) => void this.ended(worker, code, signal));
    return worker;
  }

  private async answer(worker: Worker, message: FromWorker): Promise<void> {
    const { supervision } = worker;
    try {
      switch (message.type) {
        case 'claim':
          send(worker, { type: 'claimed', answer: await supervision.claim(message.lockFile, message.most) });
          break;
        case 'register':
          supervision.register(message.hooks);
          break;
        case 'admitted':
          supervision.admitted();
          break;
        case 'run':
          send(worker, { type: 'ran', result: await supervision.runBefore(message.more) });
          break;
      }
    } catch (error) {
      // It says what no worker of ours says.
      this.log(
        fromText(`process ${worker.process.pid}: ${error instanceof Error ? error.message : String(error)}`),
      );
      worker.process.kill('SIGKILL');
    }
  }

  private async ended(worker: Worker, code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    if (this.spare === worker) this.spare = undefined;
    this.busy.delete(worker);
    if (signal !== null && !this.isStopping) {
      this.log(fromText(`process ${worker.process.pid} of a connection was killed by ${signal}`));
    }
    const rawStatus = code === null ? (signal === null ? 0 : (constants.signals[signal] ?? 0)) : code << 8;
    await worker.supervision.end(rawStatus, code ?? -1);
  }
}

function send(worker: Worker, message: ToWorker, socket?: Socket): void {
  if (!worker.process.connected) {
    socket?.destroy();
    return;
  }
  // A worker that is gone in this moment is told of by its end.
  worker.process.send(message, socket, {}, (error) => {
    if (error !== null) socket?.destroy();
  });
}
