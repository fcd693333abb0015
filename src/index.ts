/** The public surface of the package. Everything else is internal and may change. */
export {
  copy,
  type DaemonModule,
  type FilterSetting,
  list,
  modules,
  pull,
  push,
  type TransferSettings,
} from './client/api.ts';
export type { DaemonPassword, TransferRequest, TransferResult } from './client/transfer-request.ts';
export { type ByteString, fromText, toText } from './core/bytes.ts';
export { type ErrorCode, type ErrorOrigin, EXIT, isRsyncError, RsyncError } from './core/errors.ts';
export type * from './core/events.ts';
export type { RestrictedLimits } from './server/restricted/limits.ts';
export { createSshServer } from './server/ssh/create-ssh-server.ts';
export type { SshLimits, SshServer, SshServerEvent, SshServerOptions } from './server/ssh/settings.ts';
export type { Channel, ChannelDetails, ChannelExit, ProbeResult } from './transport/channel.ts';
export type { OnPrompt, PromptRequest } from './transport/ssh/auth/prompts.ts';
export type { SshOptions } from './transport/ssh/options.ts';
