import { perDirectoryFilter, rule, ruleFile, set } from './apply.ts';
import type { OptionEntry } from './entry.ts';

const IN_ORDER = 'each one adds a rule, the first rule that matches decides';
const FILES = 'each one adds the rules of a file';

export const FILTER: readonly OptionEntry[] = [
  {
    long: 'filter',
    short: 'f',
    group: 'filter',
    argument: 'RULE',
    help: 'add a filter rule, such as "- *.o" or "P *.log"',
    repeat: IN_ORDER,
    keys: ['filters'],
    apply: rule('filter'),
  },
  {
    short: 'F',
    group: 'filter',
    help: 'read filter rules from the .rsync-filter of every directory',
    repeat: 'twice leaves the files themselves out',
    keys: ['filters'],
    apply: perDirectoryFilter,
  },
  {
    long: 'exclude',
    group: 'filter',
    argument: 'PATTERN',
    help: 'leave out what matches PATTERN',
    repeat: IN_ORDER,
    keys: ['filters'],
    apply: rule('exclude'),
  },
  {
    long: 'include',
    group: 'filter',
    argument: 'PATTERN',
    help: 'keep what matches PATTERN',
    repeat: IN_ORDER,
    keys: ['filters'],
    apply: rule('include'),
  },
  {
    long: 'exclude-from',
    group: 'filter',
    argument: 'FILE',
    help: 'read exclude patterns from FILE, one a line (-: standard input)',
    repeat: FILES,
    keys: ['filters'],
    apply: ruleFile('exclude-from'),
  },
  {
    long: 'include-from',
    group: 'filter',
    argument: 'FILE',
    help: 'read include patterns from FILE, one a line (-: standard input)',
    repeat: FILES,
    keys: ['filters'],
    apply: ruleFile('include-from'),
  },
  {
    long: 'cvs-exclude',
    short: 'C',
    group: 'filter',
    help: 'leave out what CVS leaves out',
    keys: ['cvsExclude'],
    apply: set('cvsExclude', true),
  },
  {
    long: 'trust-sender',
    group: 'filter',
    help: 'do not check the names that the remote side sends',
    keys: ['trustSender'],
    apply: set('trustSender', true),
  },
];
