const DELETION = /^((del\. )?\*deleting |deleting |cannot delete )/;
const REMARK =
  / (exists|is newer|is uptodate)$|^(not creating new|skipping non-regular file|ignoring unsafe symlink) /;
const LINKED = /^hf|^[^ ].* => /;
const BACKED = /^backed up .* to |^sender removed /;
const ITEM = /^[.<>ch*][fdLDSm][.+?a-zA-Z ]{9} /;
const INSIDE =
  /^\[(sender|receiver|generator)\] (hiding|showing|protecting|risking) |^Number of \d+ KiB logical blocks touched: /;
const RECEIVED = /^(>f| +[\d,]+ +\d+% )/;

/**
 * Lines that different processes of C rsync print have no order among them: the lines of each are compared in order,
 * under a heading.
 * - Deletions come when the list of their folder does, before or after other items.
 * - Remarks on files that are left alone come from the generator, past the items that the sender echoes.
 * - Backups are told of by the generator and by the receiver, and of removed sources whenever a file has come (compared
 *   as a set).
 * - In a pull the generator and the receiver print at the same time: items of files and progress are the receiver's,
 *   and a hard link is made when its first name has come (compared as a set). Without -i nothing tells their lines
 *   apart, and all are compared as a set.
 * - In a push with another server the same goes for hard links, and without -i for names: some are told by messages,
 *   which overtake, others by the echoes of items.
 */
export function inStreams(lines: readonly string[], pull: boolean, sameServer = true): string[] {
  const streams: Record<string, string[]> = {
    rest: [],
    received: [],
    linked: [],
    backed: [],
    remarks: [],
    deletions: [],
  };
  const itemized = lines.some((line) => ITEM.test(line));
  for (const line of lines) {
    if (DELETION.test(line)) streams.deletions!.push(line);
    else if (BACKED.test(line)) streams.backed!.push(line);
    else if (REMARK.test(line)) streams.remarks!.push(line);
    else if (pull && itemized && RECEIVED.test(line)) streams.received!.push(line);
    else if ((pull ? itemized : !sameServer) && LINKED.test(line)) streams.linked!.push(line);
    else streams.rest!.push(line);
  }
  streams.linked!.sort();
  streams.backed!.sort();
  if ((pull || !sameServer) && !itemized) streams.rest!.sort();
  return Object.entries(streams).flatMap(([name, found]) =>
    found.length > 0 ? [`[${name}]`, ...found] : [],
  );
}

/**
 * What must differ between two runs, made equal:
 * - rates, times and speedups, and the numbers of bytes on the wire (compared apart, with a tolerance: `traffic`);
 * - the size of the file list, which C rsync counts by its own buffers, and block statistics that 3.5.1 added;
 * - the name of the remote shell, or the port and the module, which lead to the server;
 * - what -vv tells of the inside: hash hits, and which pattern decided on a name;
 * - of a progress line that is overwritten again and again, only the last state counts.
 * Everything else of standard output is compared byte by byte, in the order that `inStreams` describes.
 */
export function normalised(stdout: Buffer): string[] {
  const lines = stdout.toString('latin1').split('\n');
  return lines
    .filter((line) => !INSIDE.test(line))
    .map((line) =>
      lastState(line)
        .replace(
          /^sent \S+ bytes {2}received \S+ bytes {2}\S+ bytes\/sec$/,
          'sent N bytes  received N bytes  N bytes/sec',
        )
        .replace(/speedup is \S+/, 'speedup is N')
        .replace(/^(opening tcp connection to \S+ port) \d+$/, '$1 PORT')
        .replace(/\b(case-\d+)-(?:c|ours)\//g, '$1/')
        .replace(/^(opening connection using: \S*\/shell)-\S+/, '$1')
        .replace(/^(Total bytes (?:sent|received)): \S+$/, '$1: N')
        .replace(/^File list size: \S+$/, 'File list size: N')
        .replace(/hash_hits=\d+/, 'hash_hits=N')
        .replace(/^(File list (?:generation|transfer) time): \S+ seconds$/, '$1: N seconds')
        .replace(/ +\S+[kMGT]?B\/s +\d+:\d\d:\d\d/, ' RATE TIME'),
    );
}

function lastState(line: string): string {
  const at = line.lastIndexOf('\r');
  return at < 0 ? line : line.slice(at + 1);
}

/** Bytes sent and received, as the summary of -v or --stats tells them; undefined if it does not, or has units. */
export function trafficOf(stdout: Buffer): { sent: number; received: number } | undefined {
  const match = /^sent ([\d,]+) bytes {2}received ([\d,]+) bytes /m.exec(stdout.toString('latin1'));
  if (match === null) return undefined;
  const number = (text: string): number => Number(text.replaceAll(',', ''));
  return { sent: number(match[1]!), received: number(match[2]!) };
}

/** Framing, keep-alives and the wording of messages are a program's own; sending a file whole is not. */
export function similarTraffic(a: number, b: number): boolean {
  return Math.abs(a - b) <= 400 + 0.05 * Math.max(a, b);
}

/** A unified view of two lists of lines: ` ` both, `-` expected only, `+` actual only. Plain LCS; lists are short. */
export function lineDiff(expected: readonly string[], actual: readonly string[], limit = 40): string[] {
  const width = actual.length + 1;
  const table = new Uint16Array((expected.length + 1) * width);
  for (let i = expected.length - 1; i >= 0; i--) {
    for (let j = actual.length - 1; j >= 0; j--) {
      table[i * width + j] =
        expected[i] === actual[j]
          ? table[(i + 1) * width + j + 1]! + 1
          : Math.max(table[(i + 1) * width + j]!, table[i * width + j + 1]!);
    }
  }
  const lines: string[] = [];
  let i = 0;
  let j = 0;
  while (i < expected.length || j < actual.length) {
    if (i < expected.length && j < actual.length && expected[i] === actual[j]) {
      i++;
      j++;
    } else if (
      j >= actual.length ||
      (i < expected.length && table[(i + 1) * width + j]! >= table[i * width + j + 1]!)
    ) {
      lines.push(`- ${JSON.stringify(expected[i++])}`);
    } else lines.push(`+ ${JSON.stringify(actual[j++])}`);
  }
  return lines.length <= limit ? lines : [...lines.slice(0, limit), `... ${lines.length - limit} more`];
}
