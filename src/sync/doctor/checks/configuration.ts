import { type Check, info, ok } from '../check.ts';

export const configuration: Check = {
  name: 'configuration',
  about:
    'That there is a configuration, that it can be read, and that its options and its remote make sense.',
  outcomes: [
    { grade: 'ok', when: 'it is sound; where it comes from is told' },
    {
      grade: 'info',
      when: 'nothing is configured',
      remedy: 'Set `SYNC_REMOTE` in `.env`, or let `rsyncjs init` write what is needed.',
    },
    { grade: 'error', when: 'a mistake: file, line and column are told', remedy: 'As told.' },
  ],
  needs: [],
  run: async (context) => {
    const profile = await context.input.configure();
    if (profile === undefined) {
      return info(
        'sync is not configured (it is optional)',
        { configured: false },
        'Set SYNC_REMOTE=user@host:/path in .env; rsyncjs init writes an example.',
      );
    }
    await context.configure(profile);
    const { origin, location, root } = profile;
    return ok(`${location}, from ${origin}`, { configured: true, origin, remote: location, root });
  },
};
