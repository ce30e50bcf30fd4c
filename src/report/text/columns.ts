import { createRequire } from 'node:module';
import type stringWidth from 'string-width';

const require = createRequire(import.meta.url);

/** Loaded for the first text that is not of one column a character: it brings five modules. */
let widthOf: typeof stringWidth | undefined;

/** Printable ASCII. */
const plain = /^[ -~]*$/;

/** Characters of a text from outside that reports for a terminal show. Some names and messages have a million. */
const longestText = 1000;

/** Where a line may end behind a character: at spaces, and within paths. */
const breakable = /(?<=[ /])/;

/** Columns that a text takes on a terminal. */
export function columnsOf(text: string): number {
  if (plain.test(text)) return text.length;
  widthOf ??= require('string-width') as typeof stringWidth;
  return widthOf(text);
}

/** Fills a text up with spaces. @param right Whether the spaces stand before it. Default false. */
export function padded(text: string, width: number, right = false): string {
  const spaces = ' '.repeat(Math.max(0, width - columnsOf(text)));
  return right ? spaces + text : text + spaces;
}

/** Cuts a text that is too wide. @param keeps Which part of it stays: the start (default), or the end, as for paths. */
export function cutTo(text: string, width: number, keeps: 'start' | 'end' = 'start'): string {
  if (width >= text.length && columnsOf(text) <= width) return text;
  const characters = charactersOf(keeps === 'start' ? text.slice(0, width * 8) : text.slice(-width * 8));
  if (keeps === 'end') characters.reverse();
  const kept: string[] = [];
  let left = width - 1;
  for (const character of characters) {
    left -= columnsOf(character);
    if (left < 0) break;
    kept.push(character);
  }
  return keeps === 'start' ? `${kept.join('').trimEnd()}…` : `…${kept.reverse().join('').trimStart()}`;
}

/**
 * Wraps a text at spaces and slashes, and within words only where one is wider than a line.
 * @param width Columns of a line; what is less than 1 counts as 1.
 */
export function wrappedTo(text: string, width: number): readonly string[] {
  const shown = text.length <= longestText ? text : cutTo(text, longestText);
  if (columnsOf(shown) <= width) return [shown];
  const lines: string[] = [];
  let line = '';
  for (const word of shown.split(breakable).flatMap((part) => pieces(part, width))) {
    if (line !== '' && columnsOf((line + word).trimEnd()) > width) {
      lines.push(line.trimEnd());
      line = word.trimStart();
    } else line += word;
  }
  return line === '' ? lines : [...lines, line.trimEnd()];
}

function pieces(word: string, width: number): readonly string[] {
  if (columnsOf(word.trimEnd()) <= width) return [word];
  const found: string[] = [];
  for (const character of charactersOf(word)) {
    const last = found.at(-1);
    if (last !== undefined && columnsOf(last + character) <= width)
      found[found.length - 1] = last + character;
    else found.push(character);
  }
  return found;
}

function charactersOf(text: string): string[] {
  return [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
}
