import type { WirePort } from '../protocol/wire.ts';

/**
 * Holds the average rate of what is written: docs/protocol/4-filters-and-options.md, B.4. Never ahead of the port
 * below it by more than one write of the wire.
 */
export class Throttle implements WirePort {
  private readonly port: WirePort;
  private readonly bytesPerSecond: number;
  /** Bytes written at once: an eighth of a second's worth. */
  private readonly piece: number;
  private readonly onDrained: () => void;
  private queue: Uint8Array[] = [];
  private free = performance.now();
  private timer: NodeJS.Timeout | undefined;
  private blocked = false;
  private onEmpty: (() => void) | undefined;

  /** `limit`: KiB a second. */
  constructor(port: WirePort, limit: number, onDrained: () => void) {
    this.port = port;
    this.bytesPerSecond = limit * 1024;
    this.piece = Math.max(512, limit * 128);
    this.onDrained = onDrained;
  }

  write(bytes: Uint8Array): boolean {
    this.queue.push(bytes);
    if (this.timer === undefined && !this.blocked) this.pump(false);
    return this.queue.length === 0;
  }

  pause(paused: boolean): void {
    this.port.pause(paused);
  }

  /** The port takes bytes again. */
  drained(): void {
    this.blocked = false;
    if (this.timer === undefined) this.pump(true);
  }

  /** Calls back once, when everything is written. */
  whenEmpty(done: () => void): void {
    if (this.queue.length === 0) done();
    else this.onEmpty = done;
  }

  /** What has not been written never will be. */
  stop(): void {
    clearTimeout(this.timer);
    this.queue = [];
    this.blocked = true;
  }

  private pump(tells: boolean): void {
    const { queue } = this;
    for (let bytes = queue[0]; bytes !== undefined; bytes = queue[0]) {
      const now = performance.now();
      if (this.free > now) {
        this.timer = setTimeout(() => {
          this.timer = undefined;
          this.pump(true);
        }, this.free - now);
        return;
      }
      const part = bytes.subarray(0, this.piece);
      if (part.length === bytes.length) queue.shift();
      else queue[0] = bytes.subarray(this.piece);
      // A quiet tenth of a second may be made up for, no more.
      this.free = Math.max(this.free, now - 100) + (part.length / this.bytesPerSecond) * 1000;
      if (!this.port.write(part)) {
        this.blocked = true;
        return;
      }
    }
    this.onEmpty?.();
    this.onEmpty = undefined;
    if (tells) this.onDrained();
  }
}
