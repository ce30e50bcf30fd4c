import fc from 'fast-check';
import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import { parseJson } from '../../src/json/read.js';

const comment = 'JSON without comments';
const text = 'a text that ends with a double quote on its line';
const signs = 'a text without control characters and with valid escapes';
test.each<[given: string, line: number, column: number, expected: string, found: string]>([
  ['', 1, 1, 'a value', 'the end of the file'],
  ['{', 1, 2, '`}`', 'the end of the file'],
  ['[1', 1, 3, '`]`', 'the end of the file'],
  ['{"a"', 1, 5, '`:`', 'the end of the file'],
  ['{\n  "a" 1 }', 2, 7, '`:`', '1 }'],
  ['{\n  "a": 1\n  "b": 2 }', 3, 3, '`,`', '"b": 2 }'],
  ['{ "a": 1 b }', 1, 10, '`,`', 'b }'],
  ['[1, x]', 1, 5, 'a value', 'x]'],
  ['[nan]', 1, 2, 'a value', 'nan]'],
  ['{ "a": undefined }', 1, 8, 'a value', 'undefined }'],
  ['{ a: 1 }', 1, 3, 'a key in double quotes', 'a: 1 }'],
  ['{ "a": 1, b: 2 }', 1, 11, 'a key in double quotes', 'b: 2 }'],
  ["{ 'a': 1 }", 1, 3, 'a key in double quotes', "'a': 1 }"],
  ['[1] oops', 1, 5, 'the end of the file', 'oops'],
  ['{} {}', 1, 4, 'the end of the file', '{}'],
  ['[1,]', 1, 4, 'a value', ']'],
  ['{ "a": 1, }', 1, 11, 'a key in double quotes', '}'],
  ['[1,,2]', 1, 4, 'a value', ',2]'],
  ['// mine\n{}', 1, 1, comment, '// mine'],
  ['{ /* mine */ }', 1, 3, comment, '/* mine */ }'],
  ['{}\n// behind', 2, 1, comment, '// behind'],
  ['["abc\n"]', 1, 2, text, '"abc'],
  ['["\\x"]', 1, 2, signs, '"\\x"]'],
  ['["\\u00"]', 1, 2, signs, '"\\u00"]'],
  ['["a\tb"]', 1, 2, signs, '"a\tb"]'],
  ['{ "a": 1,\n  "a": 2 }', 2, 3, 'every key once, not "a" again', '"a": 2 }'],
  ['{ "a": 1, "\\u0061": 2 }', 1, 11, 'every key once, not "a" again', '"\\u0061": 2 }'],
])('%j is refused where it is wrong', (given, line, column, expected, found) => {
  const message = `this is not JSON (column ${column})`;
  expect(problemOf(given)).toEqual({ file: 'x.json', line, message, expected, found });
});

test('the same key in two objects is none that stands twice', () => {
  expect(parseJson('[{ "a": { "a": 1 } }, { "a": 2 }]', 'x.json').value).toEqual([{ a: { a: 1 } }, { a: 2 }]);
});

test('a byte order mark is none of the content', () => {
  expect(parseJson('\uFEFF{ "a": 1 }', 'x.json').value).toEqual({ a: 1 });
  expect(problemOf('\uFEFF{ "a": 1, }')?.message).toBe('this is not JSON (column 12)');
});

test('the line of a member is that of its key, of an item that of its value, of what is missing that around it', () => {
  const { lineOf } = parseJson('{\n  "a":\n    [\n      1,\n      { "b":\n 2 }\n    ] }', 'x.json');
  expect([[], ['a'], ['a', 0], ['a', 1], ['a', 1, 'b'], ['a', 1, 'c'], ['z', 0]].map(lineOf)).toEqual([
    1, 2, 4, 5, 5, 5, 1,
  ]);
});

test('whatever JSON.parse reads is read so, and what it refuses is refused', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"b"',
    '1',
    '-0.5e3',
    '01',
    'true',
    'null',
    ' ',
    '\n',
    '\u00a0',
    '"',
    '//',
    '/*',
  ];
  const anyText = fc.oneof(
    fc.json(),
    fc.array(fc.constantFrom(...pieces)).map((parts) => parts.join('')),
    fc.string(),
  );
  fc.assert(
    fc.property(anyText, (given) => {
      const problem = problemOf(given);
      if (problem?.expected?.startsWith('every key once') === true) return;
      expect(problem === undefined).toBe(isJson(given));
      if (problem === undefined) expect(parseJson(given, 'x.json').value).toEqual(JSON.parse(given));
    }),
    { numRuns: 1000 },
  );
});

function problemOf(given: string) {
  try {
    parseJson(given, 'x.json');
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).problems[0];
  }
}

function isJson(given: string): boolean {
  try {
    JSON.parse(given);
    return true;
  } catch {
    return false;
  }
}
