import { fromBuffer, fromText, toBuffer } from '../core/bytes.ts';
import { EXIT, RsyncError, streamError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { intPayload, MSG, payloadInt } from '../protocol/mux.ts';
import type { Wire } from '../protocol/wire.ts';
import type { RoleContext } from '../roles/context.ts';
import type { Link } from './link.ts';

const IO_ERROR_MASK = 7;
const MAX_TIMEOUT = 86_400;

/**
 * What messages of the peer do: docs/protocol/1-session.md, 1.7. To be called before the input is framed: the first
 * message may come in one piece with the seed.
 */
export function handleMessages(ctx: RoleContext, link: Link, isSender: boolean): void {
  const { wire } = ctx;
  const text = (level: 'info' | 'warning' | 'error', payload: Uint8Array): void => {
    const end = payload[payload.length - 1] === 0x0a ? payload.length - 1 : payload.length;
    ctx.emit({ type: 'message', level, text: fromBuffer(payload, 0, end), remote: true });
  };
  wire.onMessage = (code, payload) => {
    switch (code) {
      case MSG.ERROR_XFER:
        ctx.hadErrors = true;
        text('error', payload);
        break;
      case MSG.INFO:
        text('info', payload);
        break;
      case MSG.ERROR:
        text('error', payload);
        break;
      case MSG.WARNING:
        text('warning', payload);
        break;
      case MSG.IO_ERROR:
        if (!isSender) ctx.ioError |= payloadInt(payload) & IO_ERROR_MASK;
        break;
      case MSG.IO_TIMEOUT: {
        if (ctx.isServer) throw streamError('a time-out message from a client');
        const seconds = payloadInt(payload);
        if (seconds >= 1 && seconds <= MAX_TIMEOUT) link.lowerTimeout(seconds);
        break;
      }
      case MSG.DELETED: {
        const isDirectory = payload[payload.length - 1] === 0;
        const name = fromBuffer(payload, 0, isDirectory ? payload.length - 1 : payload.length);
        // A server would send it back: to a client that does not listen, without end.
        if (isSender && !ctx.isServer) ctx.emit({ type: 'deleted', name, isDirectory });
        break;
      }
      case MSG.SUCCESS:
        if (isSender) ctx.onSuccess(payloadInt(payload));
        break;
      case MSG.NO_SEND:
        if (!isSender) ctx.onNotSent(payloadInt(payload));
        break;
      case MSG.ERROR_EXIT:
        remoteExit(wire, payload, isSender);
        break;
      default:
        // NOOP keeps the connection alive.
        break;
    }
  };
}

/** The peer ends with an error and wants us to end with the same code: 1.7, ERROR_EXIT. */
function remoteExit(wire: Wire, payload: Uint8Array, isSender: boolean): never {
  const code = payload.length === 4 ? payloadInt(payload) : 0;
  wire.sendMessage(MSG.ERROR_EXIT, isSender || payload.length === 0 ? new Uint8Array(0) : payload);
  const exitCode = code >= 1 && code <= 255 ? code : EXIT.STREAMIO;
  throw new RsyncError('RSYNC_REMOTE_EXIT', `the peer ended with an error (code ${exitCode})`, {
    exitCode,
    origin: 'remote',
  });
}

/** Codes that a failing side does not announce: the connection is gone, or the signal speaks for itself. */
const UNANNOUNCED: readonly number[] = [EXIT.SOCKETIO, EXIT.STREAMIO, EXIT.SIGNAL1, EXIT.TIMEOUT];

/** Tells the peer that we end with an error, so that it ends with the same code. Before the goodbye only. */
export function announceFailure(ctx: RoleContext, error: unknown): void {
  if (ctx.negotiated.protocol < 31 || !ctx.wire.isOutputFramed) return;
  if (!(error instanceof RsyncError) || error.code === 'RSYNC_REMOTE_EXIT') return;
  if (UNANNOUNCED.includes(error.exitCode)) return;
  ctx.wire.sendLastMessage(MSG.ERROR_EXIT, intPayload(error.exitCode));
}

/** The words of a failure that ends the run, for a peer that has no standard error of ours. */
export function tellPeer({ wire, negotiated }: RoleContext, { message, hint }: RsyncError): void {
  if (!wire.isOutputFramed) return;
  const text = fromText(`rsyncjs: ${message}${hint === undefined ? '' : ` (${hint})`}\n`);
  const code = negotiated.protocol >= 30 ? MSG.ERROR : MSG.ERROR_XFER;
  wire.sendLastMessage(code, toBuffer(text).subarray(0, LIMITS.MESSAGE_LENGTH));
}
