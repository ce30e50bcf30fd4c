import { UsageError } from '../../core/usage-error.js';

/** JSON with the place of every value, because `JSON.parse` knows neither lines nor duplicate keys. */
export interface LocatedJson {
  readonly value: unknown;
  /** 1-based line of the value at this path (of the key, for a member), or of the nearest enclosing value. */
  lineOf(path: readonly (string | number)[]): number;
}

/** @throws {UsageError} with file, line and column when the text is not JSON or an object names a key twice. */
export function parseJson(text: string, file: string): LocatedJson {
  const lines = new Map<string, number>();
  let at = text.startsWith('\uFEFF') ? 1 : 0;

  const value = parseValue([]);
  skipSpace();
  if (at < text.length) fail('the end of the file');
  return {
    value,
    lineOf: (path) => {
      for (let length = path.length; length > 0; length -= 1) {
        const line = lines.get(keyOf(path.slice(0, length)));
        if (line !== undefined) return line;
      }
      return 1;
    },
  };

  function parseValue(path: readonly (string | number)[]): unknown {
    skipSpace();
    if (!lines.has(keyOf(path))) lines.set(keyOf(path), lineAt(at));
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

  function parseObject(path: readonly (string | number)[]): unknown {
    const entries = new Map<string, unknown>();
    at += 1;
    skipSpace();
    while (text[at] !== '}') {
      if (entries.size > 0) expect(',');
      skipSpace();
      if (text[at] !== '"') fail('a key in double quotes');
      const line = lineAt(at);
      const start = at;
      const key = parseText();
      if (entries.has(key)) fail(`every key once, not ${JSON.stringify(key)} again`, start);
      lines.set(keyOf([...path, key]), line);
      skipSpace();
      expect(':');
      entries.set(key, parseValue([...path, key]));
      skipSpace();
    }
    at += 1;
    return Object.fromEntries(entries);
  }

  function parseArray(path: readonly (string | number)[]): unknown[] {
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

  function lineAt(position: number): number {
    return text.slice(0, position).split('\n').length;
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

function keyOf(path: readonly (string | number)[]): string {
  return JSON.stringify(path);
}
