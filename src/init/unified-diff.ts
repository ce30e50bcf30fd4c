import { createRequire } from 'node:module';
import { printableLines } from '../core/vocabulary/printable.js';
import type { Change } from './change.js';

/** Changes as a patch for a person to read: plain, three lines around each change. */
export function unifiedDiff(changes: readonly Change[]): string {
  return changes.map(diffOf).join('');
}

function diffOf({ file, before, after }: Change): string {
  const { diffLinesUnified } = createRequire(import.meta.url)('jest-diff') as typeof import('jest-diff');
  const old = before === undefined ? [] : linesOf(before);
  const made = linesOf(after);
  const text = diffLinesUnified(old, made, {
    contextLines: 3,
    expand: false,
    omitAnnotationLines: true,
    ...plainColors,
  });
  // Jest sets a blank behind the sign of a line and cuts it off an empty line.
  const lines = text
    .split('\n')
    .map((line) => (line.startsWith('@@') ? line : (line[0] ?? ' ') + line.slice(2)));
  // Jest leaves the mark out where all lines are shown.
  const mark = `@@ -${old.length === 0 ? 0 : 1},${old.length} +1,${made.length} @@`;
  const marked = lines[0]?.startsWith('@@') ? lines : [mark, ...lines];
  const heads = [before === undefined ? '--- /dev/null' : `--- a/${file}`, `+++ b/${file}`];
  return printableLines([...heads, ...marked, ''].join('\n'));
}

function linesOf(text: string): string[] {
  return text.replace(/\r?\n$/, '').split(/\r?\n/);
}

const plain = (text: string) => text;
const plainColors = {
  aColor: plain,
  bColor: plain,
  changeColor: plain,
  changeLineTrailingSpaceColor: plain,
  commonColor: plain,
  commonLineTrailingSpaceColor: plain,
  patchColor: plain,
};
