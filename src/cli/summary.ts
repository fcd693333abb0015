/** The figures at the end of a run: docs/protocol/3-transfer.md, 11.2. */
import type { KindCounts, TransferStats } from '../core/events.ts';
import { formatCount, formatDecimal, formatInteger, formatRate } from '../text/numbers.ts';

/** Two lines after an empty one: `-v`. */
export function summaryText(stats: TransferStats, level: number, dryRun: boolean): string {
  const { bytesSent, bytesReceived, totalSize } = stats;
  const moved = bytesSent + bytesReceived;
  const rate = moved / (0.5 + Math.floor(stats.elapsed / 1000));
  const speedup = moved === 0 ? 0 : totalSize / moved;
  const size = (bytes: number): string => formatInteger(bytes, level);
  return (
    `\nsent ${size(bytesSent)} bytes  received ${size(bytesReceived)} bytes  ` +
    `${formatRate(rate, level)} bytes/sec\n` +
    `total size is ${size(totalSize)}  speedup is ${formatDecimal(speedup, 2, level)}${dryRun ? ' (DRY RUN)' : ''}\n`
  );
}

/** All figures after an empty line: `--stats`. */
export function statsText(stats: TransferStats, level: number, protocol: number): string {
  const size = (bytes: number): string => `${formatInteger(bytes, level)} bytes`;
  const seconds = (milliseconds: number): string => `${formatDecimal(milliseconds / 1000, 3, level)} seconds`;
  const lines = [
    '',
    `Number of files: ${counts(stats.files, level)}`,
    `Number of created files: ${counts(stats.created, level)}`,
  ];
  // An older peer does not tell.
  if (protocol >= 31) lines.push(`Number of deleted files: ${counts(stats.deleted, level)}`);
  lines.push(
    `Number of regular files transferred: ${formatCount(stats.transferredFiles, level)}`,
    `Total file size: ${size(stats.totalSize)}`,
    `Total transferred file size: ${size(stats.transferredSize)}`,
    `Literal data: ${size(stats.literalData)}`,
    `Matched data: ${size(stats.matchedData)}`,
    `File list size: ${formatInteger(stats.fileListSize, level)}`,
  );
  if (stats.fileListBuildTime > 0) {
    lines.push(
      `File list generation time: ${seconds(stats.fileListBuildTime)}`,
      `File list transfer time: ${seconds(stats.fileListTransferTime)}`,
    );
  }
  lines.push(
    `Total bytes sent: ${formatInteger(stats.bytesSent, level)}`,
    `Total bytes received: ${formatInteger(stats.bytesReceived, level)}`,
  );
  return `${lines.join('\n')}\n`;
}

function counts(kinds: KindCounts, level: number): string {
  const parts = [
    ['reg', kinds.regular],
    ['dir', kinds.directories],
    ['link', kinds.symlinks],
    ['dev', kinds.devices],
    ['special', kinds.specials],
  ] as const;
  const shown = parts
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name}: ${formatCount(count, level)}`);
  const total = formatCount(kinds.total, level);
  return kinds.total === 0 || shown.length === 0 ? total : `${total} (${shown.join(', ')})`;
}
