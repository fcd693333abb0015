import { type ByteString, toBuffer } from '../core/bytes.ts';
import { createdDirectoryText, type EventSink } from '../core/events.ts';
import { LIMITS } from '../core/limits.ts';
import { infoLevels } from '../options/info-levels.ts';
import type { TransferOptions } from '../options/transfer-options.ts';
import { MSG } from '../protocol/mux.ts';
import type { Wire } from '../protocol/wire.ts';
import { listingLine } from '../text/listing.ts';

export interface ForwardInit {
  wire: Wire;
  protocol: number;
  options: TransferOptions;
  /** Takes errors and warnings; undefined: they are sent as well. */
  onError: ((line: ByteString) => void) | undefined;
}

/** How a server tells its client what a client tells its user: docs/protocol/1-session.md, 1.2 and 1.7. */
export function forwardToPeer({ wire, protocol, options, onError }: ForwardInit): EventSink {
  const info = infoLevels(options);
  const send = (code: number, text: ByteString): void => {
    if (wire.isOutputFramed) wire.sendMessage(code, toBuffer(`${text}\n`).subarray(0, LIMITS.MESSAGE_LENGTH));
  };
  return (event) => {
    switch (event.type) {
      case 'message':
        if (event.remote) break;
        if (event.level === 'info') send(MSG.INFO, event.text);
        else if (onError !== undefined) onError(event.text);
        else if (event.level === 'error') send(MSG.ERROR_XFER, event.text);
        else send(protocol >= 30 ? MSG.WARNING : MSG.INFO, event.text);
        break;
      case 'deleted':
        if (wire.isOutputFramed) {
          wire.sendMessage(MSG.DELETED, toBuffer(event.isDirectory ? `${event.name}\0` : event.name));
        }
        break;
      case 'created-directory':
        if (info.NAME > 0 || options.itemize > 0 || options.progress)
          send(MSG.INFO, createdDirectoryText(event));
        break;
      case 'listed':
        // A receiver asked with --list-only: its client is the sender and hears of it in words alone.
        send(MSG.INFO, listingLine(event.entry, options.humanReadable));
        break;
      default:
        break;
    }
  };
}
