import { type ByteString, fromText } from '../core/bytes.ts';
import { EXIT, protocolError, RsyncError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import { LIMITS } from '../core/limits.ts';
import { loadHashes } from '../delta/hashes.ts';
import type { TransferOptions } from '../options/transfer-options.ts';
import { daemonArguments, moduleOf } from '../protocol/daemon-args.ts';
import { AUTH_DIGESTS, authResponse, chooseAuthDigest } from '../protocol/daemon-auth.ts';
import { agreedProtocol, formatGreeting, type Greeting, parseGreeting } from '../protocol/daemon-greeting.ts';
import { readServerLine } from '../protocol/daemon-line.ts';
import { type DaemonReply, parseReply } from '../protocol/daemon-reply.ts';
import { formatCredential, formatEarlyInput, formatRequest } from '../protocol/daemon-request.ts';
import { shownWord } from '../protocol/remote-words.ts';
import { buildServerArgs, type ServerRole } from '../protocol/server-args.ts';
import { authDigest } from './daemon-digest.ts';
import { daemonRefusal } from './daemon-refusal.ts';
import type { Link } from './link.ts';
import { LostConnection } from './witness.ts';

/** What a client tells a daemon beside the transfer itself. */
export interface DaemonTerms {
  user: string;
  /** Called if the daemon asks for a password; may ask a person. Undefined: there is none. */
  password: () => Promise<string | undefined>;
  /** For its early exec, 1 to 5120 bytes. */
  earlyInput: Uint8Array | undefined;
}

export interface DaemonClientInit {
  terms: DaemonTerms;
  options: TransferOptions;
  /** What the daemon is to be. */
  role: ServerRole;
  /** `MODULE[/PATH]`, as text; the first one empty: the list of modules. */
  paths: readonly string[];
  emit: EventSink;
}

/** How the dialogue has ended: with a transfer to come, or with the list of modules. */
export type DaemonOpening = { kind: 'transfer'; protocol: number } | { kind: 'listed'; protocol: number };

/**
 * The dialogue with a daemon up to the compat flags: docs/protocol/1-session.md, 1.10. Every line that a person is to
 * see is told as a `daemon-text` event.
 * @throws RsyncError RSYNC_DAEMON (exit 5): the daemon refuses; RSYNC_AUTH (exit 5): it wants another password;
 *   RSYNC_PROTOCOL (exit 2 or 5), RSYNC_LIMIT (exit 5); RSYNC_UNSUPPORTED (exit 4): no common digest
 */
export async function openDaemon(link: Link, init: DaemonClientInit): Promise<DaemonOpening> {
  const { options, terms, emit, paths } = init;
  const module = moduleOf(paths[0] ?? '');
  const say = (text: ByteString): void => {
    link.wire.writer.text(text);
    link.wire.flush();
  };
  say(formatGreeting(options.protocol, AUTH_DIGESTS));
  const greeting = parseGreeting(await serverLine(link, 'did not see the greeting of the daemon'));
  const protocol = agreedProtocol(options.protocol, greeting);
  // Before anything is asked for: a path that can not be sent is told at once.
  const args = buildServerArgs({ ...options, protocol }, init.role);
  const request = daemonArguments(args, paths, options, protocol);
  tellWords(init, 'sending daemon args', request.words);
  if (terms.earlyInput !== undefined) {
    say(formatEarlyInput(terms.earlyInput.length));
    link.wire.writer.bytes(terms.earlyInput);
  }
  say(formatRequest(fromText(module)));
  let room = LIMITS.DAEMON_TEXT;
  let wasAsked = false;
  for (;;) {
    const reply = parseReply(await serverLine(link, "did not get the daemon's answer"));
    switch (reply.kind) {
      case 'text':
        room -= reply.text.length + 1;
        if (room < 0) throw tooMuchText();
        emit({ type: 'daemon-text', text: reply.text });
        break;
      case 'auth':
        // Nobody is to be asked, and no secret hashed, as often as a peer likes.
        if (wasAsked) throw protocolError('the daemon asks for a password twice', EXIT.STARTCLIENT);
        wasAsked = true;
        say(await credential(link, reply, terms, { greeting, protocol, module }));
        break;
      case 'error':
        throw daemonRefusal(reply.text, terms.user);
      case 'exit':
        return { kind: 'listed', protocol };
      case 'ok':
        say(request.bytes);
        if (request.secluded !== undefined) tellWords(init, 'protected args', request.secluded);
        return { kind: 'transfer', protocol };
    }
  }
}

/** What `-vv` shows of words that are sent. */
function tellWords({ options, emit }: DaemonClientInit, what: string, words: readonly string[]): void {
  if (options.verbose < 2) return;
  const text = fromText(`${what}: ${words.map(shownWord).join(' ')}  (${words.length} args)`);
  emit({ type: 'message', level: 'info', text, remote: false });
}

async function serverLine(link: Link, lost: string): Promise<ByteString> {
  try {
    return await link.wire.read(readServerLine);
  } catch (error) {
    if (!(error instanceof LostConnection)) throw error;
    throw new LostConnection(lost, EXIT.STARTCLIENT);
  }
}

interface Dialogue {
  greeting: Greeting;
  protocol: number;
  module: string;
}

async function credential(
  link: Link,
  { challenge }: Extract<DaemonReply, { kind: 'auth' }>,
  { user, password }: DaemonTerms,
  { greeting, protocol, module }: Dialogue,
): Promise<ByteString> {
  // Before a person is asked for nothing.
  const digest = chooseAuthDigest(
    greeting.digests === undefined ? undefined : AUTH_DIGESTS,
    greeting.digests,
    protocol,
  );
  const [secret] = await Promise.all([link.patiently(password), loadHashes()]);
  if (secret === undefined) {
    throw new RsyncError('RSYNC_AUTH', `the module ${module} needs a password for ${user}`, {
      exitCode: EXIT.STARTCLIENT,
      origin: 'local',
      hint: 'Give it by --password-file=FILE, in RSYNC_PASSWORD, or at a terminal.',
    });
  }
  return formatCredential(fromText(user), authResponse(digest, fromText(secret), challenge, authDigest));
}

function tooMuchText(): RsyncError {
  return new RsyncError(
    'RSYNC_LIMIT',
    `the daemon said more than ${LIMITS.DAEMON_TEXT} bytes and still no answer`,
    {
      exitCode: EXIT.STARTCLIENT,
      origin: 'remote',
    },
  );
}
