import fc from 'fast-check';
import stringWidth from 'string-width';
import { cutTo, padded, wrappedTo } from '../../../src/report/text/columns.js';
import { table } from '../../../src/report/text/table.js';

test('wide characters count twice', () => {
  expect(padded('日本', 6)).toBe('日本  ');
  expect(cutTo('日本語のテスト', 7)).toBe('日本語…');
  expect(cutTo('src/日本語/テスト.js', 9, 'end')).toBe('…スト.js');
});

test('a line ends at a space or within a path, and in a word only where it must', () => {
  expect(wrappedTo('killed by the system', 10)).toEqual(['killed by', 'the system']);
  expect(wrappedTo('test/vision/large.test.ts: none', 15)).toEqual([
    'test/vision/',
    'large.test.ts:',
    'none',
  ]);
  expect(wrappedTo('abcdefgh', 3)).toEqual(['abc', 'def', 'gh']);
  expect(wrappedTo('', 3)).toEqual(['']);
});

test('whatever the text is, lines fit, and only spaces get lost', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.integer({ min: 2, max: 30 }),
      (text, width) => {
        // A single character of several code points may take more columns than the line has.
        const characters = [...new Intl.Segmenter().segment(text)];
        fc.pre(characters.every(({ segment }) => stringWidth(segment) <= width));
        const lines = wrappedTo(text, width);
        for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
        expect(stringWidth(cutTo(text, width))).toBeLessThanOrEqual(width);
        expect(stringWidth(cutTo(text, width, 'end'))).toBeLessThanOrEqual(width);
      },
    ),
  );
});

test('a text of a million characters is no burden', () => {
  expect(wrappedTo('x'.repeat(1e6), 80).length).toBeLessThan(20);
});

test('the widest columns that may give way do so first', () => {
  const rows = [['a'.repeat(40), 'b'.repeat(12), '17 s']];
  const columns = [
    { title: 'suite', gives: 'start' },
    { title: 'why', gives: 'end' },
    { title: 'time', right: true },
  ] as const;
  expect(table(columns, rows, 40)).toEqual([
    'suite                 why           time',
    `…${'a'.repeat(19)}  ${'b'.repeat(12)}  17 s`,
  ]);
});
