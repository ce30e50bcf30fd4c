import { limits } from './limits.js';
import { UsageError } from './usage-error.js';

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

/** @throws {UsageError} with file, line and column when the text is not JSON or an object names a key twice. */
export function parseJson(text: string, file: string): LocatedJson {
  let lines: ReadonlyMap<string, number> | undefined;
  return {
    value: parse(text, file),
    lineOf: (path) => {
      // Places are many and seldom asked for.
      if (lines === undefined) {
        const found = new Map<string, number>();
        parse(text, file, (place, line) => found.set(keyOf(place), line));
        lines = found;
      }
      for (let length = path.length; length > 0; length -= 1) {
        const line = lines.get(keyOf(path.slice(0, length)));
        if (line !== undefined) return line;
      }
      return 1;
    },
  };
}

/** Whether a text of JSON has more levels than anything that we read; brackets inside of texts do not count. */
export function isTooDeep(json: string): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < json.length; at += 1) {
    const sign = json.charCodeAt(at);
    if (sign === quote) inText = !inText;
    else if (inText) {
      if (sign === backslash) at += 1;
    } else if (sign === openList || sign === openObject) {
      depth += 1;
      if (depth > limits.jsonDepth) return true;
    } else if (sign === closeList || sign === closeObject) depth -= 1;
  }
  return false;
}

const [quote, backslash, openList, closeList, openObject, closeObject] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

/** @param onPlace Told of each value, and before it of its key, with the line it begins in. */
function parse(text: string, file: string, onPlace?: (path: JsonPath, line: number) => void): unknown {
  let at = text.startsWith('\uFEFF') ? 1 : 0;

  let counted = 0;
  let line = 1;
  const value = parseValue([]);
  skipSpace();
  if (at < text.length) fail('the end of the file');
  return value;

  function parseValue(path: JsonPath): unknown {
    skipSpace();
    // Of a member, its key tells.
    if (typeof path.at(-1) !== 'string') onPlace?.(path, lineOfNext());
    if (path.length >= limits.jsonDepth && (text[at] === '{' || text[at] === '[')) tooDeep();
    if (text[at] === '{') return parseObject(path);
    if (text[at] === '[') return parseArray(path);
    if (text[at] === '"') return parseText();
    const word = /[-+.\w]+/y;
    word.lastIndex = at;
    const found = word.exec(text)?.[0] ?? '';
    try {
      const literal: unknown = JSON.parse(found);
      at += found.length;
      return literal;
    } catch {
      return fail('a value');
    }
  }

  function parseObject(path: JsonPath): unknown {
    const entries = new Map<string, unknown>();
    at += 1;
    skipSpace();
    while (text[at] !== '}') {
      if (entries.size > 0) expect(',');
      skipSpace();
      if (text[at] !== '"') fail('a key in double quotes');
      const line = lineOfNext();
      const start = at;
      const key = parseText();
      if (entries.has(key)) fail(`every key once, not ${JSON.stringify(key)} again`, start);
      onPlace?.([...path, key], line);
      skipSpace();
      expect(':');
      entries.set(key, parseValue([...path, key]));
      skipSpace();
    }
    at += 1;
    return Object.fromEntries(entries);
  }

  function parseArray(path: JsonPath): unknown[] {
    const items: unknown[] = [];
    at += 1;
    skipSpace();
    while (text[at] !== ']') {
      if (items.length > 0) expect(',');
      items.push(parseValue([...path, items.length]));
      skipSpace();
    }
    at += 1;
    return items;
  }

  function parseText(): string {
    const quoted = /"(?:[^"\\\n]|\\.)*"/y;
    quoted.lastIndex = at;
    const found = quoted.exec(text)?.[0];
    if (found === undefined) return fail('a text that ends with a double quote on its line');
    try {
      const value = JSON.parse(found) as string;
      at += found.length;
      return value;
    } catch {
      return fail('a text without control characters and with valid escapes');
    }
  }

  function expect(sign: string): void {
    if (text[at] !== sign) fail(`\`${sign}\``);
    at += 1;
  }

  function skipSpace(): void {
    while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at += 1;
  }

  /** Of what begins at `at`; what was counted before is not counted again. */
  function lineOfNext(): number {
    for (; counted < at; counted += 1) if (text[counted] === '\n') line += 1;
    return line;
  }

  function lineAt(position: number): number {
    return text.slice(0, position).split('\n').length;
  }

  function tooDeep(): never {
    throw new UsageError({
      file,
      line: lineAt(at),
      message: 'this JSON has too many levels',
      expected: `at most ${limits.jsonDepth} levels of objects and lists`,
      found: 'one more',
      remedy: 'the files that jest-runner-hardware reads have 8 at most: name the right file',
    });
  }

  function fail(expected: string, position = at): never {
    const column = position - text.lastIndexOf('\n', position - 1);
    const rest = text.slice(position).split('\n', 1)[0] ?? '';
    throw new UsageError({
      file,
      line: lineAt(position),
      message: `this is not JSON (column ${column})`,
      expected,
      found: position >= text.length ? 'the end of the file' : rest.slice(0, 40) || 'the end of the line',
    });
  }
}

function keyOf(path: JsonPath): string {
  return JSON.stringify(path);
}
