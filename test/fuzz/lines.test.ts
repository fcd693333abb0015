/** What a peer says outside of a transfer, changed at random: read, or refused with a typed error. RSYNCJS_FUZZ_SEED. */
import { expect, it } from 'vitest';
import { fromBuffer } from '../../src/core/bytes.ts';
import { isRsyncError } from '../../src/core/errors.ts';
import { FilterSet } from '../../src/filter/filter-list.ts';
import { RequestedNames } from '../../src/filter/requested.ts';
import { parseReceivedRules } from '../../src/filter/wire.ts';
import { parseGreeting } from '../../src/protocol/daemon-greeting.ts';
import { readServerLine } from '../../src/protocol/daemon-line.ts';
import { parseModules, parseReply } from '../../src/protocol/daemon-reply.ts';
import { parseCredential, parseRequest } from '../../src/protocol/daemon-request.ts';
import { IdListReader } from '../../src/protocol/id-list.ts';
import { readItemHead } from '../../src/protocol/item.ts';
import { readProxyHeader } from '../../src/protocol/proxy-header.ts';
import { NEED_MORE, Reader } from '../../src/protocol/reader.ts';
import { parseServerCommand } from '../../src/server/server-command.ts';
import { Random } from './random.ts';

const CASES = 6000;
const seed = Number(process.env.RSYNCJS_FUZZ_SEED ?? 1);

/** A reader of hostile text, with samples that it takes. */
interface Target {
  name: string;
  samples: readonly string[];
  read: (text: string) => void;
}

const reader = (text: string): Reader => new Reader(Buffer.from(text, 'latin1'));
const V2 = '\r\n\r\n\0\r\nQUIT\n!\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x01\x30\x39\x03\x69';

const TARGETS: readonly Target[] = [
  {
    name: 'greeting',
    samples: ['@RSYNCD: 31.0 sha512 sha256 sha1 md5 md4', '@RSYNCD: 29', '@RSYNCD: 32.0 md5'],
    read: (text) => {
      parseGreeting(text, 'server');
      parseGreeting(text, 'client');
    },
  },
  {
    name: 'reply',
    samples: ['@RSYNCD: OK', '@RSYNCD: AUTHREQD b1ZYR3Bk', '@ERROR: Unknown module', '@RSYNCD: EXIT', 'motd'],
    read: (text) => void parseReply(text),
  },
  {
    name: 'modules',
    samples: ['data           \tthe data', 'x\t', '\ty', 'no tab'],
    read: (text) => void parseModules(text.split('\n')),
  },
  {
    name: 'request',
    samples: ['module', '#list', '', '#early_input=5120', '#early_input=-1', 'user cmVzcG9uc2U'],
    read: (text) => {
      parseRequest(text);
      parseCredential(text);
    },
  },
  {
    name: 'line',
    samples: ['@RSYNCD: OK\n', `${'x'.repeat(5000)}\n`],
    read: (text) => void readServerLine(reader(text)),
  },
  {
    name: 'PROXY header',
    samples: ['PROXY TCP4 127.0.0.1 127.0.0.1 12345 873\r\n', 'PROXY UNKNOWN\r\n', `\r\n${V2.slice(2)}`],
    read: (text) => void readProxyHeader(reader(text)),
  },
  {
    name: 'server command line',
    samples: [
      '--server -vlogDtpre.iLsfxCIvu --delete . dst/',
      '--server --sender -tre.LsfxCIvu --checksum-seed=1 --block-size=700 . a b',
      '--server -s',
      '--server -re30.0 --timeout=5 --bwlimit=1.5m --max-delete=3 --log-format=%i%I . x',
      '--server --compress-level=9 --new-compress --modify-window=-1 . x',
    ],
    read: (text) => void parseServerCommand(text.split(' ')),
  },
  {
    name: 'filter rule',
    samples: [
      '- *.o',
      '+ /dir/**/x[a-z]?',
      '-/! a/',
      '- [[:alpha:]]*',
      'P keep',
      '!',
      '- \\*',
      '-xsp a**b*c',
    ],
    read: (text) => {
      const rules = parseReceivedRules([text, '- z'], 'receiver');
      const set = new FilterSet(rules, { side: 'receiver', rootPath: '/root' });
      for (const name of ['a', 'dir/x/xay', `${'a'.repeat(300)}/${'a/'.repeat(100)}b`])
        set.decide(name, true);
    },
  },
  {
    name: 'requested name',
    samples: ['src/*.txt', 'a\\b', '[a-', 'x/./y', '..', '**/z', '[[:digit:]]?'],
    read: (text) => {
      for (const relative of [true, false]) {
        // What this side itself asks for: nobody else makes it long.
        if (text.length > 300) continue;
        const asked = new RequestedNames([text], { relative, recursive: true, dirs: false });
        asked.verdict('x/y/z', false);
        asked.verdict(text, true);
      }
    },
  },
  {
    name: 'id list',
    samples: ['\x01\x04root\x00', '\x82\x10\x03abc\x00\x00'],
    read: (text) => void new IdListReader({ protocol: 32, id0Names: true }).read(reader(text)),
  },
  {
    name: 'item',
    samples: ['\x00\x80', '\x00\x98\x83\x04name'],
    read: (text) => void readItemHead(reader(text)),
  },
];

const CHANGES: readonly ((text: string, random: Random) => string)[] = [
  (text, random) => {
    const at = random.below(text.length);
    return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + random.below(2));
  },
  (text, random) => text.slice(0, random.below(text.length + 1)),
  (text, random) => {
    const [from, to] = [random.below(text.length), random.below(text.length)];
    return text.slice(0, from) + text.slice(to);
  },
  (text, random) => {
    const at = random.below(text.length);
    return (
      text.slice(0, at) +
      text.slice(at, at + 1 + random.below(9)).repeat(1 + random.below(300)) +
      text.slice(at)
    );
  },
  (text, random) =>
    text.replace(/\d+/, random.pick(['-1', '99999999999999999999', '2147483648', '1e9', '0x1', ''])),
  (text, random) => {
    const put = random.pick([
      '\0',
      '\n',
      '=',
      '/',
      '*',
      '**',
      '[',
      ']',
      '\\',
      '[^',
      '[:',
      ' ',
      '--',
      '\x7f',
      '\xff',
    ]);
    const at = random.below(text.length + 1);
    return text.slice(0, at) + put + text.slice(at);
  },
];

it.each(TARGETS)('$name', ({ samples, read }) => {
  let taken = 0;
  for (const sample of samples) {
    try {
      read(sample);
      taken++;
    } catch (error) {
      if (error !== NEED_MORE && !isRsyncError(error)) throw error;
    }
  }
  expect(taken).toBeGreaterThan(0);
  for (let number = 0; number < CASES / TARGETS.length; number++) {
    const random = new Random(seed, number);
    let text = random.pick(samples);
    for (let count = 1 + random.below(4); count > 0; count--) text = random.pick(CHANGES)(text, random);
    text = text.slice(0, 4000);
    try {
      read(text);
    } catch (error) {
      if (error === NEED_MORE || isRsyncError(error)) continue;
      const shown = JSON.stringify(fromBuffer(Buffer.from(text.slice(0, 300), 'latin1')));
      throw new Error(`seed ${seed}, case ${number}: ${shown}`, { cause: error });
    }
  }
});
