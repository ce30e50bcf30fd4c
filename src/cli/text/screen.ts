import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import type { Evidence, MachineProblem } from '../../core/machine/machine.js';
import { showsColors } from '../../host/colors.js';

/** What the reader's terminal can show. */
export interface Screen {
  readonly color: boolean;
  /** Columns to which lists are wrapped. A single long name or reason may exceed them. */
  readonly width: number;
}

export function screenOf(stream: Partial<WriteStream>): Screen {
  return { color: showsColors(stream), width: stream.columns ?? 80 };
}

/** For a file, a pipe, or an unknown reader. */
export const plainScreen: Screen = { color: false, width: 80 };

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;

/** A problem, and on the next line its remedy. */
export function troubleText(
  { message, remedy }: MachineProblem,
  paint: Paint,
  mark = '!',
  indent = '',
): string {
  const line = `${indent}${paint(mark === '!' ? 'yellow' : 'dim', mark)} ${message}\n`;
  return remedy === undefined ? line : `${line}${indent}  ${paint('dim', 'remedy:')} ${remedy}\n`;
}

export function painter({ color }: Screen): Paint {
  return (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
}

export function sourceText(evidence: Evidence | undefined): string {
  if (evidence === undefined) return '';
  return evidence.confidence === 'declared' ? `declared in ${evidence.source}` : evidence.source;
}

/** Wraps a text at its spaces. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
