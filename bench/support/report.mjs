import { readFileSync, writeFileSync } from 'node:fs';

const MIB = 1 << 20;
/** Above this spread of the wall clock a row is marked. */
const NOISY = 0.25;

const seconds = (value) => (value < 10 ? value.toFixed(3) : value.toFixed(2));
const ratio = (value) => (Number.isFinite(value) ? value.toFixed(2) : '-');
function mib(bytes) {
  if (bytes === undefined) return '-';
  const value = bytes / MIB;
  return value < 0.1 ? value.toPrecision(2) : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

const HEADER = [
  'Case',
  'Direction',
  'rsync s',
  'rsyncjs s',
  'Ratio',
  'CPU ratio',
  'Peak MiB rsync / rsyncjs',
  'Wire MiB rsync / rsyncjs',
];

function cells({ title, direction, failure, medians, ratios }) {
  if (failure !== undefined)
    return [title, direction, `failed: ${failure.split('\n')[0]}`, '', '', '', '', ''];
  const { rsync, ours } = medians;
  const noise = rsync.spread > NOISY || ours.spread > NOISY ? ' ~' : '';
  return [
    title,
    direction,
    seconds(rsync.wall),
    seconds(ours.wall),
    `${ratio(ratios.wall)}${noise}`,
    ratio(ratios.cpu),
    `${mib(rsync.peak)} / ${mib(ours.peak)}`,
    `${mib(rsync.sent + rsync.received)} / ${mib(ours.sent + ours.received)}`,
  ];
}

const noisyNote = (results) =>
  results.some(({ medians }) => medians && Math.max(medians.rsync.spread, medians.ours.spread) > NOISY)
    ? `~ the rounds of this row lie more than ${NOISY * 100} % apart (slowest less fastest, by the median)`
    : undefined;

/** The table for a terminal. */
export function textTable({ results }) {
  const rows = [HEADER, ...results.map(cells)];
  const widths = HEADER.map((_, column) =>
    Math.max(...rows.map((row) => (row[column].startsWith('failed') ? 0 : row[column].length))),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd(),
  );
  const note = noisyNote(results);
  return `${lines.join('\n')}\n${note === undefined ? '' : `${note}\n`}`;
}

/** Where the figures come from, a line a fact. */
export function conditions({ date, machine, rsync, ciphers, settings }) {
  const { cpu, cores, memory, system, node, openssh, nativeSshCrypto, load } = machine;
  return [
    `Date: ${date.slice(0, 10)}`,
    `Machine: ${cpu}, ${cores} cores, ${(memory / 1024 ** 3).toFixed(0)} GiB, ${system}; load ${load.toFixed(2)} before`,
    `Node ${node}; rsync ${rsync.version} (client, and server for both); ${openssh}`,
    `ssh cipher: rsync ${ciphers.rsync}, rsyncjs ${ciphers.ours} ` +
      `(ssh2's native binding: ${nativeSshCrypto ? 'yes' : 'no'})`,
    `Median of ${settings.rounds} rounds after ${settings.warmups} that did not count` +
      `${settings.quick ? '; sizes divided by 16 (--quick)' : ''}; memory by ${settings.memoryMeter}`,
  ];
}

/** Padded as the formatter of this repository wants it. */
function markdownTable(rows) {
  const widths = HEADER.map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const line = (row) =>
    `| ${row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = widths.map((width, i) => (i < 2 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(rows[0]), line(rule), ...rows.slice(1).map(line)];
}

function markdown(report) {
  const note = noisyNote(report.results);
  return [
    ...conditions(report).map((line) => `- ${line}`),
    '',
    ...markdownTable([HEADER, ...report.results.map(cells)]),
    ...(note === undefined ? [] : ['', note]),
  ].join('\n');
}

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/** Replaces what stands between the markers of a Markdown file. */
export function writeReadme(path, report) {
  const text = readFileSync(path, 'utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${path} has no ${BEGIN} ... ${END}`);
  const head = text.slice(0, begin + BEGIN.length);
  writeFileSync(path, `${head}\n\n${markdown(report)}\n\n${text.slice(end)}`);
}
