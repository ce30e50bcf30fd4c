import { createRequire } from 'node:module';
import { limits } from '../core/vocabulary/limits.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { scanJson } from './scan.js';

/** JSON with the place of every value, because `JSON.parse` knows neither lines nor duplicate keys. */
export interface LocatedJson {
  readonly value: unknown;
  /** 1-based line of the value at this path (of the key, for a member), or of the nearest enclosing value. */
  lineOf(path: JsonPath): number;
}

/** Keys and indices from the root on. */
export type JsonPath = readonly (string | number)[];

/** `devices[0].class` */
export function pathText(path: JsonPath): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`))
    .join('');
}

/**
 * Reads strict JSON: no comments, no trailing commas.
 * @throws {UsageError} with file, line and column when the text is not JSON, names a key of an object twice or has more
 * than 100 levels.
 */
export function parseJson(given: string, file: string): LocatedJson {
  // A byte order mark is no mistake. A blank in its place keeps the columns.
  const text = given.replace(/^\uFEFF/, ' ');
  const { tooDeepAt, members } = scanJson(text);
  if (tooDeepAt !== undefined) throw tooDeep(text, file, tooDeepAt);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw notJson(text, file, firstMistake(text), cause);
  }
  // Of a key that stands twice, `JSON.parse` keeps the last: fewer members than the text has.
  if (membersOf(value) < members) throw notJson(text, file, firstMistake(text));
  return { value, lineOf: linesOf(text) };
}

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inside = Object.values(value);
  return inside.reduce<number>(
    (sum, each) => sum + membersOf(each),
    Array.isArray(value) ? 0 : inside.length,
  );
}

interface Mistake {
  readonly offset: number;
  readonly expected: string;
}

/**
 * Undefined where the library finds nothing wrong: it takes some blanks for blanks that JSON does not allow, such as a
 * no-break space.
 */
function firstMistake(text: string): Mistake | undefined {
  let first: Mistake | undefined;
  /** What is open: of an object the keys that were met, of a list nothing. */
  const open: (Set<string> | undefined)[] = [];
  const note = (expected: string, offset: number) => {
    first ??= { offset, expected };
  };
  const close = () => {
    open.pop();
  };
  jsonc().visit(
    text,
    {
      onObjectBegin: () => {
        open.push(new Set());
      },
      onArrayBegin: () => {
        open.push(undefined);
      },
      onObjectEnd: close,
      onArrayEnd: close,
      onObjectProperty: (key, offset) => {
        const met = open.at(-1);
        if (met?.has(key)) note(`every key once, not ${JSON.stringify(key)} again`, offset);
        met?.add(key);
      },
      onError: (code, offset) => {
        if (first !== undefined) return;
        const container = open.length === 0 ? 'file' : open.at(-1) === undefined ? 'list' : 'object';
        note(expectations[code] ?? expectedInstead(text, offset, container), offset);
      },
    },
    { disallowComments: true, allowTrailingComma: false },
  );
  return first;
}

/** What should stand where a word is that JSON does not know. */
function expectedInstead(text: string, offset: number, container: 'file' | 'list' | 'object'): string {
  const before = text.slice(0, offset).trimEnd().at(-1);
  if (before === '{' || (before === ',' && container === 'object')) return 'a key in double quotes';
  if (before === undefined || ':[,'.includes(before)) return 'a value';
  return container === 'file' ? 'the end of the file' : '`,`';
}

const endOfText = 'a text that ends with a double quote on its line';
const signs = 'a text without control characters and with valid escapes';

/** By the library's code of an error: what should stand there. `InvalidSymbol`, 1, depends on what stands before. */
const expectations: Readonly<Record<number, string>> = {
  2: 'a number',
  3: 'a key in double quotes',
  4: 'a value',
  5: '`:`',
  6: '`,`',
  7: '`}`',
  8: '`]`',
  9: 'the end of the file',
  10: 'JSON without comments',
  12: endOfText,
  13: 'a number',
  14: signs,
  15: signs,
  16: signs,
};

function linesOf(text: string): LocatedJson['lineOf'] {
  let tree: import('jsonc-parser').Node | undefined;
  return (path) => {
    const { findNodeAtLocation, parseTree } = jsonc();
    // Places are many and seldom asked for.
    tree ??= parseTree(text);
    for (let length = path.length; tree !== undefined && length > 0; length -= 1) {
      const node = findNodeAtLocation(tree, path.slice(0, length));
      if (node !== undefined)
        return lineAt(text, (node.parent?.type === 'property' ? node.parent : node).offset);
    }
    return 1;
  };
}

function tooDeep(text: string, file: string, offset: number): UsageError {
  return new UsageError({
    file,
    line: lineAt(text, offset),
    message: 'this JSON has too many levels',
    expected: `at most ${limits.jsonDepth} levels of objects and lists`,
    found: 'one more',
    remedy: 'the files that jest-runner-hardware reads have 8 at most: name the right file',
  });
}

function notJson(text: string, file: string, mistake: Mistake | undefined, cause?: unknown): UsageError {
  if (mistake === undefined) {
    const found = cause instanceof Error ? cause.message : String(cause);
    return new UsageError({ file, message: 'this is not JSON', expected: 'JSON', found }, { cause });
  }
  const { offset, expected } = mistake;
  const column = offset - text.lastIndexOf('\n', offset - 1);
  const rest = text.slice(offset).split('\n', 1)[0] ?? '';
  const problem = {
    file,
    line: lineAt(text, offset),
    message: `this is not JSON (column ${column})`,
    expected,
    found: offset >= text.length ? 'the end of the file' : rest.slice(0, 40) || 'the end of the line',
  };
  return new UsageError(problem, { cause });
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Loaded with the first mistake: it takes as long as reading many a file. */
function jsonc(): typeof import('jsonc-parser') {
  return createRequire(import.meta.url)('jsonc-parser') as typeof import('jsonc-parser');
}
