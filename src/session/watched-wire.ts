import { fromBuffer, toText } from '../core/bytes.ts';
import { type DemuxOptions, FRAME_HEADER_LENGTH, MSG } from '../protocol/mux.ts';
import { Wire } from '../protocol/wire.ts';

/** Error lines of the peer that are kept, and bytes of each. */
const LINES = 4;
const LINE_LENGTH = 512;

/** A wire that remembers what a diagnosis wants to know. */
export class WatchedWire extends Wire {
  /** The last error lines that the peer sent as messages. */
  readonly errors: string[] = [];
  /** The handshake is over. */
  isInputFramed = false;
  private startIn = 0;
  private messageBytes = 0;

  /** Bytes received since the handshake that are not messages. */
  get dataIn(): number {
    return this.isInputFramed ? this.bytesIn - this.startIn - this.messageBytes : 0;
  }

  override frameInput(protocol: number, options?: DemuxOptions): void {
    const { onMessage } = this;
    this.onMessage = (code, payload) => {
      this.messageBytes += FRAME_HEADER_LENGTH + payload.length;
      if (code === MSG.ERROR || code === MSG.ERROR_XFER) {
        const end = Math.min(payload.length, LINE_LENGTH);
        this.errors.push(toText(fromBuffer(payload, 0, end)).trimEnd());
        if (this.errors.length > LINES) this.errors.shift();
      }
      onMessage(code, payload);
    };
    this.startIn = this.bytesIn - this.reader.remaining;
    this.isInputFramed = true;
    super.frameInput(protocol, options);
  }
}
