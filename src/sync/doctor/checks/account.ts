import { EXIT } from '../../../core/errors.ts';
import { askAccount } from '../../../transport/diagnose/account.ts';
import { type Check, fault, info, ok } from '../check.ts';
import { noAccount } from '../reasons.ts';

export const shell: Check = {
  name: 'shell',
  about:
    'That the login shell there prints nothing of its own when it runs a command: such text spoils the protocol.',
  outcomes: [
    { grade: 'ok', when: 'it is silent' },
    { grade: 'info', when: 'it can not be asked: a restricted key, or no POSIX shell (Windows)' },
    {
      grade: 'error',
      when: 'it prints something, which is told',
      remedy:
        'The start-up file that most likely does it is named, with the line that silences it for commands.',
    },
  ],
  needs: ['login'],
  omit: noAccount,
  run: async (context) => {
    const account = await askAccount(context.shell!, context.options.rsyncPath);
    context.account = account;
    switch (account.kind) {
      case 'forced':
        return info('the key runs one program only: whether the shell is clean shows when that starts', {
          shell: null,
        });
      case 'unknown':
        return info('no shell there answers as sh does (Windows?)', { shell: null, words: account.words });
      case 'shell': {
        const { shell, system } = account.facts;
        const details = { shell: shell ?? null, system: system ?? null, noise: account.noise ?? null };
        if (account.noise !== undefined) {
          return fault(
            EXIT.PROTOCOL,
            `the shell there is not clean, it prints ${account.noise} before every command's own output`,
            account.hint,
            details,
          );
        }
        return ok(
          `${shell ?? 'the login shell'}${system === undefined ? '' : ` on ${system}`} prints nothing`,
          details,
        );
      }
    }
  },
};

export const key: Check = {
  name: 'key',
  about:
    'Whether the key may run any command there, or is restricted to one program (`rrsync`, `rsyncjs serve --stdio`, another).',
  outcomes: [
    { grade: 'ok', when: 'any command' },
    {
      grade: 'info',
      when: 'restricted, and to what',
      remedy: 'Paths are relative to the folder of the restriction: write `host:` or `host:sub`.',
    },
  ],
  needs: ['shell'],
  omit: noAccount,
  run: ({ account }) => {
    if (account?.kind === 'shell') return ok('it may run any command', { restricted: null });
    if (account?.kind !== 'forced') return info('it could not be told what it may run', { restricted: null });
    const name = { rrsync: 'rrsync', rsyncjs: 'rsyncjs serve', another: 'one program' }[account.by];
    return info(
      `it is restricted to ${name}`,
      { restricted: account.by },
      'Paths are relative to the folder of the restriction: write HOST: or HOST:SUB, not HOST:/.',
    );
  },
};
