/** The signs of the screens: drawn ones on a terminal that has them, words and letters everywhere else. */
export interface Marks {
  ok: string;
  warning: string;
  error: string;
  info: string;
  /** Something big is complete. This one, and those below, go through `marked`. */
  complete: string;
  pull: string;
  push: string;
  look: string;
}

const DRAWN: Marks = {
  ok: '✓',
  warning: '⚠',
  error: '✗',
  info: 'ℹ',
  complete: '✅',
  pull: '📥',
  push: '📤',
  look: '🔍',
};

const PLAIN: Marks = {
  ok: 'ok',
  warning: 'warning:',
  error: 'error:',
  info: 'note:',
  complete: '',
  pull: '',
  push: '',
  look: '',
};

/** @param drawn  the output is a terminal, and shows UTF-8 */
export function marks(drawn: boolean): Marks {
  return drawn ? DRAWN : PLAIN;
}

/** A sentence behind its sign; some sentences need none where signs are not drawn. */
export function marked(mark: string, sentence: string): string {
  return mark === '' ? sentence : `${mark} ${sentence}`;
}
