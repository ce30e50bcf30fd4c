import { printable, printableLines } from '../../core/vocabulary/printable.js';

/** Characters of a name or a reason. */
const longestText = 300;

/**
 * Text from outside as a code span. In one, Markdown reads no markup, no HTML, no mention and no link; the fence is longer
 * than any run of backticks in the text.
 */
export function code(text: string): string {
  const shown = cut(wellFormed(printable(text)).trim(), longestText);
  if (shown === '') return '(empty)';
  const fence = '`'.repeat(longestRun(shown) + 1);
  const space = /^`|`$/.test(shown) ? ' ' : '';
  return `${fence}${space}${shown}${space}${fence}`;
}

/** Output from outside as a block that is indented so many columns. At most 20 lines and 2,000 characters of it. */
export function codeBlock(text: string, indent = 0): readonly string[] {
  const lines = cut(wellFormed(printableLines(text)), 2000).split('\n');
  const shown = lines.length <= 20 ? lines : [...lines.slice(0, 20), `… ${lines.length - 20} more lines`];
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return [`${fence}text`, ...shown, fence].map((line) => `${' '.repeat(indent)}${line}`.trimEnd());
}

/** A table of GitHub's Markdown. Cells are Markdown: text from outside must be a code span. */
export function markdownTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)];
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${wellFormed(text.slice(0, length))}…`;
}

/** Without halves of characters, which are not text in any encoding. */
function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\ufffd');
}
