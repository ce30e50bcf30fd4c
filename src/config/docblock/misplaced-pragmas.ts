import type { UsageProblem } from '../../core/vocabulary/usage-error.js';
import { isMeantForUs } from '../../core/workload/own-pragma.js';
import { isPragmaName, type PragmaName, pragmaNames, pragmas } from '../../core/workload/pragmas.js';
import { type Comment, commentsOf } from './comments.js';

/** The docblock that Jest sees: where it starts, and its text, empty when there is none. */
export interface SeenDocblock {
  readonly offset: number;
  readonly text: string;
}

const mention = new RegExp(`@(${pragmaNames.join('|')})(?![\\w-])`, 'g');

/**
 * Finds pragmas of ours in comments that Jest does not take for the docblock, where they would be ignored without a word;
 * the first of each comment. Text in the middle of a line that mentions a pragma is none.
 * A file that mentions none of our names costs one regular expression; only one that seems to hold a pragma is parsed.
 */
export function misplacedPragmas(
  source: string,
  seen: SeenDocblock,
  file: string,
  ignored: readonly string[],
): readonly UsageProblem[] {
  const behind = seen.offset + seen.text.length;
  const likely = firstPragma(source.slice(behind), 'anywhere', ignored);
  if (likely === undefined) return [];
  const comments = commentsOf(source, file);
  if (comments === undefined) {
    // Nobody can tell comments from strings here. A guarantee is worth more than a string.
    return [problemOf({ ...likely, offset: behind + likely.offset }, 'code', source, file)];
  }
  return comments.flatMap((comment) => {
    if (seen.text !== '' && comment.offset === seen.offset) return [];
    const pragma = firstPragma(comment.text, comment.kind, ignored);
    if (pragma === undefined) return [];
    const at = { ...pragma, offset: comment.offset + pragma.offset };
    return [problemOf(at, obstacleBefore(comment, source), source, file)];
  });
}

interface FoundPragma {
  readonly name: PragmaName;
  /** Of the `@`. */
  readonly offset: number;
}

function firstPragma(
  text: string,
  place: keyof typeof isPlace,
  ignored: readonly string[],
): FoundPragma | undefined {
  for (const { 0: written, 1: name = '', index: offset } of text.matchAll(mention)) {
    if (!isPragmaName(name) || ignored.includes(name)) continue;
    let start = offset;
    while (start > 0 && /[^\S\n\r\u2028\u2029]|[*/!]/.test(text[start - 1] ?? '')) start--;
    const isFirstOnLine = start === 0 || /[\n\r\u2028\u2029]/.test(text[start - 1] ?? '');
    if (!isPlace[place](text.slice(start, offset), isFirstOnLine)) continue;
    if (isMeantForUs(name, valueAt(text, offset + written.length, name))) return { name, offset };
  }
  return undefined;
}

/** Where a pragma may stand: first on its line, behind nothing but blanks and the delimiters and stars of a comment. */
const isPlace = {
  /** For a first look, before anybody knows where the comments are. */
  anywhere: (lead: string, isFirstOnLine: boolean) => isFirstOnLine || /\/[*/]/.test(lead),
  /** Behind `//` stands a remark, as in the docblock. */
  block: (lead: string, isFirstOnLine: boolean) => isFirstOnLine && /^(?:[\s*]|\/\*!?)*$/.test(lead),
  /** Behind a star stands a docblock that somebody has put out of force line by line. */
  line: (lead: string, isFirstOnLine: boolean) => isFirstOnLine && /^\/\/[\s/!]*$/.test(lead),
} as const;

/** As Jest reads it: without remarks, and on the next line where this one ends behind the name. */
function valueAt(text: string, offset: number, name: PragmaName): string {
  const [line = '', next = ''] = text.slice(offset, offset + 1000).split(/\r\n|[\n\r]/, 2);
  const value = withoutRemark(line);
  const isOnNextLine = value === '' && pragmas[name].kind !== 'flag' && !line.includes('*/');
  return isOnNextLine ? withoutRemark(next.replace(/^[\s*]+/, '')) : value;
}

function withoutRemark(line: string): string {
  return line
    .replace(/\*+\/.*$/, '')
    .replace(/(?:^|\s)\/\/.*$/, '')
    .trim();
}

type Obstacle = keyof typeof reasons;

const reasons = {
  nothing: {
    why: 'it cannot read this comment',
    remedy: 'write it as `/** … */` with plain line ends (LF or CRLF)',
  },
  shebang: { why: 'the `#!` line stands first', remedy: 'remove the `#!` line: Jest does not use it' },
  'line comment': {
    why: 'a `//` comment stands first',
    remedy: 'move that comment (`// @ts-check` too) below this one',
  },
  comment: {
    why: 'another comment stands first',
    remedy: 'move the pragmas into the first comment, or that comment below this one',
  },
  directive: {
    why: "a directive such as `'use strict'` stands first",
    remedy: 'move the directive below this comment',
  },
  code: {
    why: 'code stands first, and pragmas hold for the whole file',
    remedy: 'move it to the top of the file, and tests that do not need it into another file',
  },
  itself: { why: 'this is a `//` comment', remedy: 'write `/** … */` at the top of the file' },
} as const;

/** What makes Jest overlook a comment. */
function obstacleBefore({ kind, isBehindCode, offset }: Comment, source: string): Obstacle {
  if (isBehindCode) return 'code';
  if (kind === 'line') return 'itself';
  const start = source.trimStart();
  if (offset === source.length - start.length) return 'nothing';
  if (start.startsWith('#!')) return 'shebang';
  if (start.startsWith('//')) return 'line comment';
  if (!start.startsWith('/*')) return 'directive';
  return 'comment';
}

function problemOf(
  { name, offset }: FoundPragma,
  obstacle: Obstacle,
  source: string,
  file: string,
): UsageProblem {
  const { why, remedy } = reasons[obstacle];
  const ignoring = pragmas[name].isCommonWord
    ? `; if another tool wants this word, name \`${name}\` in the option \`ignorePragmas\``
    : '';
  const line = lineAt(source, offset);
  return {
    file,
    line,
    message: `Jest does not see \`@${name}\` here: ${why}`,
    expected: 'pragmas in a comment `/** … */` that is the first thing in the file',
    found: (source.split(newline)[line - 1] ?? '').trim(),
    remedy: `${remedy}${ignoring}`,
  };
}

const newline = /\r\n|[\n\r]/;

export function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split(newline).length;
}
