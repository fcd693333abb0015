/** The reference page of the checks, docs/setup.md, from the checks themselves. */
import type { PossibleOutcome } from './check.ts';
import { CHECKS } from './checks.ts';

const HEAD = `# setup

\`rsyncjs setup\` (also \`rsyncjs doctor\`) looks at everything that a synchronisation needs, from the configuration to the
file system at the other side, over one connection, and says what to do about what is wrong. It changes nothing: what it
tries out, in folders named \`.rsyncjs-check-…\`, it takes away again.

Every check has a name, a grade, a sentence, and a remedy where there is something to do:

| grade | |
| --- | --- |
| ok | it is well |
| info | it is well, and worth knowing |
| warning | a run works, and not always as you may think |
| error | a run can not work |
| failed | the check itself could not be carried out |
| skipped | what it stands on is missing; which check that is, is told |
| omitted | it makes no sense here, and is not printed: no ssh with a daemon, no network with a folder of this machine |

The exit status is 0 if there is no error, also with warnings; else it is rsync's code of the first error. \`--json\` prints
one document, \`{ "schema": 1, "exitCode": 0, "checks": [{ "name", "grade", "sentence", "remedy", "exitCode", "details" }] }\`;
\`remedy\` and \`exitCode\` are left out where there is none. The messages of ssh are explained in [ssh.md](ssh.md).

## The checks, in their order
`;

/** The whole page. */
export function setupPage(): string {
  const sections = CHECKS.map(({ name, about, needs, outcomes }) => {
    const after = needs.length === 0 ? '' : ` Stands on: ${needs.join(', ')}.`;
    const rows = outcomes.map(row).join('\n');
    return `### ${name}\n\n${about}${after}\n\n| grade | when | what to do |\n| --- | --- | --- |\n${rows}\n`;
  });
  return `${HEAD}\n${sections.join('\n')}`;
}

function row({ grade, when, remedy = '' }: PossibleOutcome): string {
  return `| ${grade} | ${cell(when)} | ${cell(remedy)} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
