import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeKey, type Sshd, sshdMissing, startSshd } from '../../../support/sshd.ts';
import { failure, open, script, temporaryFolder, text } from '../../support.ts';
import { agentMissing, realAgent } from './agent-support.ts';

const dir = temporaryFolder();

describe.skipIf(sshdMissing() ?? agentMissing())('ssh login to a server that allows six attempts', () => {
  const agent = realAgent(dir);
  const strangers = Array.from({ length: 20 }, (_, i) => makeKey(join(dir, `stranger-${i}`)).path);
  const right = makeKey(join(dir, 'right'));
  const lonely = makeKey(join(dir, 'lonely'), 'rsa', { passphrase: 'phrase', format: 'PEM' });
  let sshd: Sshd;
  let homes = 0;
  beforeAll(async () => {
    // Passwords are on offer; none is right.
    sshd = await startSshd({ config: ['MaxAuthTries 6', 'PasswordAuthentication yes'] });
    sshd.authorize(right.publicKey);
    sshd.authorize(lonely.publicKey);
  });
  afterAll(() => sshd.stop());
  beforeEach(() => agent.clear());

  /** A home with these default key files. */
  const homeWith = (files: Record<string, string>): string => {
    const home = join(dir, `home-${homes++}`);
    mkdirSync(join(home, '.ssh'), { recursive: true });
    for (const [name, source] of Object.entries(files)) {
      copyFileSync(source, join(home, '.ssh', name));
      try {
        copyFileSync(`${source}.pub`, join(home, '.ssh', `${name}.pub`));
      } catch {
        // Not every key has its public half beside it.
      }
    }
    return home;
  };
  const login = async (home: string, more: Parameters<typeof open>[3] = {}) => {
    const offers: string[] = [];
    const channel = open(sshd, home, 'echo in', {
      key: null,
      ...more,
      env: { HOME: home, SSH_AUTH_SOCK: agent.socket },
      trace: (line) => {
        if (line.startsWith('ssh: offering')) offers.push(line);
      },
    });
    return { offers, channel };
  };
  /** The number of keys that were offered until one was taken. */
  const offersUntilIn = async (...args: Parameters<typeof login>): Promise<number> => {
    const { offers, channel } = await login(...args);
    expect(await text((await channel).input)).toBe('in\n');
    return offers.length;
  };

  const twenty = () => {
    for (const path of strangers) agent.add(path);
  };

  it('reaches the key that is named, in a file', async () => {
    twenty();
    expect(await offersUntilIn(dir, { key: right.path })).toBe(1);
  });

  it('reaches the key that is named, the last one of the agent', async () => {
    twenty();
    agent.add(right.path);
    const named = join(dir, 'named.pub');
    copyFileSync(`${right.path}.pub`, named);
    expect(await offersUntilIn(dir, { key: named })).toBe(1);
  });

  it('reaches the key of the agent whose private file is not there, but its public half is', async () => {
    twenty();
    agent.add(right.path);
    const home = homeWith({});
    copyFileSync(`${right.path}.pub`, join(home, '.ssh', 'id_ed25519.pub'));
    expect(await offersUntilIn(home)).toBe(1);
    expect(await offersUntilIn(dir, { key: join(home, '.ssh', 'id_ed25519') })).toBe(1);
  });

  it('reaches the key that is given as text', async () => {
    twenty();
    const home = homeWith({});
    const content = await import('node:fs').then(({ readFileSync }) => readFileSync(right.path));
    expect(await offersUntilIn(home, { args: `-i ${strangers[0]}`, ssh: { privateKey: content } })).toBe(1);
  });

  it.each(['id_rsa', 'id_ecdsa', 'id_ed25519'])('reaches the key in the default file %s', async (name) => {
    twenty();
    const files = { id_rsa: strangers[0]!, id_ecdsa: strangers[1]!, id_ed25519: strangers[2]! };
    // None of these is in the agent.
    agent.clear();
    for (const path of strangers.slice(3)) agent.add(path);
    expect(await offersUntilIn(homeWith({ ...files, [name]: right.path }))).toBeLessThanOrEqual(5);
  });

  it('reaches the key in a default file that the agent holds as its last one, at once', async () => {
    twenty();
    agent.add(right.path);
    expect(await offersUntilIn(homeWith({ id_ed25519: right.path }))).toBe(1);
  });

  it.each([0, 1, 2])("reaches the agent's key %i with all default files there", async (position) => {
    const others = strangers.slice(3);
    for (const path of [...others.slice(0, position), right.path, ...others.slice(position)]) agent.add(path);
    const files = { id_rsa: strangers[0]!, id_ecdsa: strangers[1]!, id_ed25519: strangers[2]! };
    expect(await offersUntilIn(homeWith(files))).toBeLessThanOrEqual(6);
  });

  it.each([0, 3, 4])("reaches the agent's key %i with one default file there", async (position) => {
    const others = strangers.slice(1);
    for (const path of [...others.slice(0, position), right.path, ...others.slice(position)]) agent.add(path);
    expect(await offersUntilIn(homeWith({ id_rsa: strangers[0]! }))).toBeLessThanOrEqual(6);
  });

  it('asks for a password before it is too late', async () => {
    twenty();
    const onPrompt = script(['wrong']);
    const { offers, channel } = await login(homeWith({}), { onPrompt });
    const error = await failure(channel);
    expect(offers).toHaveLength(5);
    expect(onPrompt.asked).toHaveLength(1);
    expect(error.message).toMatch(/permission denied \(.*too many/i);
    expect(error.message).toContain('keys not offered: 15');
    expect(error.hint).toMatch(/-i FILE.*IdentitiesOnly/);
  });

  it('offers the rest of the keys if nobody is there to ask', async () => {
    twenty();
    const { offers, channel } = await login(homeWith({}));
    const error = await failure(channel);
    expect(offers).toHaveLength(6);
    expect(error.message).toMatch(/keys offered and refused: .*; keys not offered: 14; /);
  });

  it('offers all keys that are named before it asks', async () => {
    const many = await startSshd({ config: ['MaxAuthTries 20', 'PasswordAuthentication yes'] });
    const onPrompt = script([undefined]);
    const offers: string[] = [];
    await failure(
      open(many, dir, 'true', {
        key: null,
        args: strangers
          .slice(0, 8)
          .map((path) => `-i ${path}`)
          .join(' '),
        onPrompt,
        trace: (line) => {
          if (line.startsWith('ssh: offering') || line.startsWith('ssh: trying')) offers.push(line);
        },
      }),
    );
    expect(offers).toHaveLength(8);
    expect(onPrompt.asked).toHaveLength(1);
    await many.stop();
  });

  it('offers no key twice, however often it turns up', async () => {
    agent.add(strangers[0]!);
    const copy = join(dir, 'copy');
    copyFileSync(strangers[0]!, copy);
    const { offers, channel } = await login(dir, { args: `-i ${strangers[0]} -i ${copy} -i ${copy}.pub` });
    await failure(channel);
    expect(offers).toHaveLength(1);
  });

  it('asks for the passphrase of a file that hides its key after everything else', async () => {
    for (const path of strangers.slice(0, 4)) agent.add(path);
    const home = homeWith({});
    copyFileSync(lonely.path, join(home, '.ssh', 'id_rsa'));
    const onPrompt = script(['phrase']);
    expect(await offersUntilIn(home, { onPrompt })).toBe(5);
    expect(onPrompt.requests.map(({ kind }) => kind)).toEqual(['passphrase']);
  });

  it('knows by its comment the key of the agent that such a file stands for', async () => {
    const { path, publicKey } = makeKey(join(dir, 'pem'), 'rsa', { format: 'PEM' });
    sshd.authorize(publicKey);
    twenty();
    agent.add(path);
    // Now that the agent has it: with a passphrase, and without a public half to look at.
    const hidden = makeKey(join(dir, 'hidden'), 'rsa', { passphrase: 'phrase', format: 'PEM' });
    copyFileSync(hidden.path, path);
    writeFileSync(`${path}.pub`, '');
    expect(await offersUntilIn(dir, { key: path })).toBe(1);
  });

  it('costs one attempt with an RSA key', async () => {
    const one = await startSshd({ config: ['MaxAuthTries 2'] });
    one.authorize(right.publicKey);
    const stranger = makeKey(join(dir, 'rsa-stranger'), 'rsa');
    const channel = await open(one, dir, 'echo in', { key: stranger.path, args: `-i ${right.path}` });
    expect(await text(channel.input)).toBe('in\n');
    await one.stop();
  });
});
