/**
 * A hub run on a terminal: a line a spoke.
 *
 *     Spoke      Phase         Progress                       Size       Rate       ETA
 *     laptop     transferring  ███████▌──────────  54%     12.3 MB  3.2 MB/s     0:42
 *     web        ✓ Synced 12 files (3.4 MB) (812ms)
 */
import type { OutcomeKind } from '../../sync/hub/outcome.ts';
import { cut, pad, shown, widthOf } from './columns.ts';
import { etaText, sizeText } from './quantities.ts';

export type LivePhase = 'waiting' | 'connecting' | 'listing' | 'transferring' | 'finishing' | 'retrying';

export interface LiveRow {
  spoke: string;
  phase: LivePhase;
  /** 0 to 1; undefined: nobody knows yet. */
  fraction: number | undefined;
  /** Bytes of content so far. */
  bytes: number;
  /** Bytes a second; undefined: nothing has moved yet. */
  rate: number | undefined;
  /** Seconds; undefined: nobody knows. */
  eta: number | undefined;
  /** Told instead of progress: how it ended, or why it waits. */
  ended?: { outcome: OutcomeKind; sentence: string } | undefined;
  /** With `retrying`: which attempt, and why. */
  note?: string | undefined;
}

export interface LiveScreen {
  columns: number;
  /** Lines of the terminal; the table stays below that number. */
  rows: number;
  utf8: boolean;
  colour: boolean;
}

const PHASE = 12;
const PERCENT = 4;
const SIZE = 8;
const RATE = 10;
const ETA = 8;
const GAP = '  ';
const LEAST_BAR = 8;
const MOST_BAR = 40;
const LEAST_NAME = 8;
/** A part of a block: from one eighth on. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

type Colour = 'green' | 'yellow' | 'red' | 'cyan' | 'dim' | 'bold';
const SGR: Readonly<Record<Colour, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };
const OUTCOME_COLOUR: Readonly<Record<OutcomeKind, Colour>> = {
  ok: 'green',
  dry: 'green',
  partial: 'yellow',
  busy: 'yellow',
  failed: 'red',
  skipped: 'dim',
};

/** Which columns there is room for. */
interface Layout {
  name: number;
  bar: number;
  size: boolean;
  rate: boolean;
  eta: boolean;
}

/**
 * The lines of the table, none wider than `columns` less one: a full line makes some terminals go on in the next one.
 * Rows that there is no room for are left out, those that ended first, and counted.
 */
export function render(rows: readonly LiveRow[], screen: LiveScreen): string[] {
  const width = Math.max(1, screen.columns - 1);
  const layout = layoutOf(rows, width, screen.utf8);
  const room = Math.max(1, screen.rows - 3);
  const isLong = rows.length > room;
  const visible = isLong ? mostAlive(rows, room) : rows;
  const lines = [heading(layout, width, screen), ...visible.map((row) => line(row, layout, width, screen))];
  if (isLong) lines.push(paint(cut(leftOut(rows, visible), width, screen.utf8), 'dim', screen));
  return lines;
}

function layoutOf(rows: readonly LiveRow[], width: number, utf8: boolean): Layout {
  const longest = Math.max(LEAST_NAME, ...rows.map(({ spoke }) => widthOf(shown(spoke, utf8))));
  const name = Math.min(longest, Math.max(LEAST_NAME, Math.floor(width / 4)));
  const layout = { name, bar: 0, size: true, rate: true, eta: true };
  const used = (): number =>
    name +
    GAP.length +
    PHASE +
    GAP.length +
    PERCENT +
    ((layout.size ? SIZE : -2) + 2) +
    ((layout.rate ? RATE : -2) + 2) +
    ((layout.eta ? ETA : -2) + 2);
  // What is wanted least goes first.
  for (const column of ['size', 'rate', 'eta'] as const) {
    if (used() + LEAST_BAR + 1 > width) layout[column] = false;
  }
  const bar = Math.min(MOST_BAR, width - used() - 1);
  layout.bar = bar >= LEAST_BAR ? bar : 0;
  return layout;
}

function heading(layout: Layout, width: number, screen: LiveScreen): string {
  const progress = layout.bar + (layout.bar > 0 ? 1 : 0) + PERCENT;
  const text = [
    pad('Spoke', layout.name, screen.utf8),
    pad('Phase', PHASE, screen.utf8),
    progress >= 8 ? pad('Progress', progress, screen.utf8) : pad('', progress, screen.utf8),
    ...(layout.size ? [pad('Size', SIZE, screen.utf8, 'right')] : []),
    ...(layout.rate ? [pad('Rate', RATE, screen.utf8, 'right')] : []),
    ...(layout.eta ? [pad('ETA', ETA, screen.utf8, 'right')] : []),
  ].join(GAP);
  return paint(cut(text.trimEnd(), width, screen.utf8), 'bold', screen);
}

function line(row: LiveRow, layout: Layout, width: number, screen: LiveScreen): string {
  const { utf8 } = screen;
  const name = pad(shown(row.spoke, utf8), Math.min(layout.name, width), utf8);
  const rest = width - widthOf(name) - GAP.length;
  if (rest < 1) return name;
  if (row.ended !== undefined) {
    const { outcome, sentence } = row.ended;
    return `${name}${GAP}${paint(cut(shown(sentence, utf8), rest, utf8), OUTCOME_COLOUR[outcome], screen)}`;
  }
  const phase = pad(row.phase, Math.min(PHASE, rest), utf8);
  const left = rest - widthOf(phase) - GAP.length;
  if (row.phase === 'waiting') return `${name}${GAP}${paint(row.phase.slice(0, rest), 'dim', screen)}`;
  if (left < PERCENT) return `${name}${GAP}${phase}`.trimEnd();
  if (row.note !== undefined) {
    const note = cut(shown(row.note, utf8), left, utf8);
    return `${name}${GAP}${paint(phase, 'yellow', screen)}${GAP}${note}`;
  }
  const percent = row.fraction === undefined ? '' : `${Math.floor(clamp(row.fraction) * 100)}%`;
  const cells = [
    phase,
    `${layout.bar > 0 ? `${paint(bar(row.fraction, layout.bar, utf8), 'cyan', screen)} ` : ''}${percent.padStart(PERCENT)}`,
    ...(layout.size ? [sizeText(row.bytes).padStart(SIZE)] : []),
    ...(layout.rate ? [(row.rate === undefined ? '' : `${sizeText(row.rate)}/s`).padStart(RATE)] : []),
    ...(layout.eta ? [(row.eta === undefined ? '' : etaText(row.eta)).padStart(ETA)] : []),
  ];
  return `${name}${GAP}${cells.join(GAP)}`.trimEnd();
}

function bar(fraction: number | undefined, columns: number, utf8: boolean): string {
  const eighths = Math.floor(clamp(fraction ?? 0) * columns * 8);
  const whole = Math.floor(eighths / 8);
  if (!utf8) return `${'#'.repeat(whole)}${'.'.repeat(columns - whole)}`;
  const part = EIGHTHS[eighths % 8]!;
  return `${'█'.repeat(whole)}${part}${'─'.repeat(columns - whole - part.length)}`;
}

function clamp(fraction: number): number {
  return Math.min(1, Math.max(0, fraction));
}

/** Those under way, then those that failed, then those that wait, then the others; in their own order. */
function mostAlive(rows: readonly LiveRow[], room: number): readonly LiveRow[] {
  const rank = ({ phase, ended }: LiveRow): number => {
    if (ended === undefined) return phase === 'waiting' ? 2 : 0;
    return ended.outcome === 'failed' ? 1 : 3;
  };
  const chosen = new Set([...rows].sort((a, b) => rank(a) - rank(b)).slice(0, room));
  return rows.filter((row) => chosen.has(row));
}

function leftOut(rows: readonly LiveRow[], visible: readonly LiveRow[]): string {
  const hidden = rows.filter((row) => !visible.includes(row));
  const waiting = hidden.filter(({ ended, phase }) => ended === undefined && phase === 'waiting').length;
  const ended = hidden.filter((row) => row.ended !== undefined).length;
  const parts = [
    ...(ended > 0 ? [`${ended} ended`] : []),
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    ...(hidden.length > ended + waiting ? [`${hidden.length - ended - waiting} under way`] : []),
  ];
  return `and ${hidden.length} more: ${parts.join(', ')}`;
}

function paint(text: string, colour: Colour, { colour: wanted }: LiveScreen): string {
  return wanted && text !== '' ? `\x1b[${SGR[colour]}m${text}\x1b[0m` : text;
}
