import { escapeControls } from './escape.ts';
import { maskSecrets } from './secrets.ts';

/** One setting that applied to a host, for people. */
export interface SettingReport {
  /** In its usual spelling. */
  setting: string;
  value: string;
  /** `file:line`, the words of the command line, or `default`. */
  source: string;
  used: boolean;
  /** Why not, such as "an earlier value wins (/home/a/.ssh/config:3)". */
  why?: string;
}

/** Columns are no wider than this; a longer entry pushes the rest of its line to the right. */
const WIDEST = 48;

/**
 * The table of `--ssh-debug`, a line an entry: setting, value, source, and "used" or why not. Control characters are
 * escaped; the values of SetEnv and what looks like a password in a command are masked.
 */
export function formatReport(host: string, report: readonly SettingReport[]): string[] {
  const rows = report.map(({ setting, value, source, used, why }) => [
    escapeControls(setting),
    escapeControls(maskSecrets(setting, value)),
    escapeControls(source),
    used ? 'used' : `not used${why === undefined ? '' : `: ${escapeControls(why)}`}`,
  ]);
  const table = [['setting', 'value', 'source', ''], ...rows];
  const widths = [0, 1, 2].map((column) =>
    Math.min(WIDEST, Math.max(...table.map((row) => row[column]!.length))),
  );
  return [
    `ssh settings for ${escapeControls(host)}:`,
    ...table.map((row) =>
      `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
    ),
  ];
}
