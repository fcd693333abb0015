import { type Check, info, ok, warning } from '../check.ts';
import { noSsh } from '../reasons.ts';

export const hostKey: Check = {
  name: 'host-key',
  about: 'That the host shows a key that is on file, or one that you accept.',
  outcomes: [
    { grade: 'ok', when: 'the key is known: type, fingerprint, file and line are told' },
    { grade: 'info', when: 'it was new, was accepted, and is on file from now on' },
    {
      grade: 'warning',
      when: 'it was accepted and is not remembered',
      remedy: 'Take `StrictHostKeyChecking no` and the empty known hosts file out of the configuration.',
    },
    {
      grade: 'error',
      when: 'it is not known and nobody can be asked, or it has changed, or is revoked',
      remedy: 'Compare the fingerprint with what the host itself tells; never take a changed key unseen.',
    },
  ],
  needs: ['tcp'],
  omit: noSsh,
  run: async ({ login }) => {
    const { type, fingerprint, known, file } = await login.reached('host-key');
    const details = { type, fingerprint, known: known ?? null, file };
    const shown = `${type} ${fingerprint}`;
    if (known !== undefined) return ok(`${shown}, on file at ${known}`, details);
    if (file === 'none') {
      return warning(
        `${shown} was accepted, and is not remembered`,
        'Let the host be remembered: whoever answers in its place is not noticed (StrictHostKeyChecking, UserKnownHostsFile).',
        details,
      );
    }
    return info(`${shown} was new; it is on file in ${file} from now on`, details);
  },
};

export const login: Check = {
  name: 'login',
  about: 'That the server lets this account in, and by which key or method.',
  outcomes: [
    { grade: 'ok', when: 'by a key, which is told' },
    {
      grade: 'info',
      when: 'by a password or a question, which nobody answers for a timer',
      remedy: 'Use a key, if it is to run unattended.',
    },
    {
      grade: 'error',
      when: 'refused: the keys offered, and what the server accepts, are told',
      remedy: 'Add the public half of one of the keys to `authorized_keys` there; check the user name.',
    },
  ],
  needs: ['host-key'],
  omit: noSsh,
  run: async (context) => {
    const { user, method, key, steps, server } = await context.login.reached('login');
    const details = { user, method, key: key ?? null, steps, server: server ?? null };
    const before = steps.length > 0 ? ` after ${steps.join(', ')}` : '';
    if (method === 'publickey') return ok(`${user} is let in by ${key}${before}`, details);
    if (method === 'none') return info(`${user} is let in without any key or password`, details);
    return info(
      `${user} is let in by ${method}${before}`,
      details,
      'A run without a person needs a key: ssh-keygen, then its .pub in authorized_keys there.',
    );
  },
};
