import * as v from 'valibot';
import { bytesSyntax } from '../core/vocabulary/units.js';
import { type Reader, readBytes, wordOf } from '../core/workload/values.js';

/**
 * A text that a reader of the core understands. An issue of valibot holds one message: the reader's remedy follows what was
 * expected, after a line break.
 */
function readBy<T>(reader: Reader<T>, expected: string) {
  return v.pipe(
    v.string(expected),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      const reading = reader(dataset.value.trim());
      if (reading.ok) return reading.value;
      addIssue({ message: reading.remedy === undefined ? expected : `${expected}\n${reading.remedy}` });
      return NEVER;
    }),
  );
}

/** One of the words, or of their other spellings. */
export function word<T extends string>(words: readonly T[], others: Readonly<Record<string, T>> = {}) {
  return readBy(wordOf(words, others), `one of ${words.join(', ')}`);
}

/** A list of such words, which may be left out. */
export function listOf<T extends string>(words: readonly T[], others: Readonly<Record<string, T>> = {}) {
  return v.optional(v.array(word(words, others), `a list of ${words.join(', ')}`));
}

const sizeText = `a number of bytes above 0, or ${bytesSyntax}`;
/** Bytes as a number or a text, which may be left out. */
export const size = v.optional(
  v.union([v.pipe(v.number(), v.safeInteger(), v.minValue(1)), readBy(readBytes, sizeText)], sizeText),
);
export const text = (expected: string) => v.optional(v.pipe(v.string(expected), v.nonEmpty(expected)));
/** Valibot takes an array for an object. */
export const notList = (expected: string) => v.custom<object>((value) => !Array.isArray(value), expected);
/** An object with no other keys than these. */
export function object<Entries extends v.ObjectEntries>(entries: Entries, expected: string) {
  return v.pipe(notList(expected), v.strictObject(entries, expected));
}
export const flag = v.optional(v.boolean('true or false'));
export const identifier = (expected: string) => v.pipe(v.string(expected), v.regex(/^[\w.-]+$/, expected));
/** `detect --json` prints it. In a file it is ignored: what a file says is declared. */
export const ignored = v.optional(v.unknown());

export const above0 = v.optional(
  v.pipe(v.number('a number above 0'), v.finite('a number above 0'), v.gtValue(0, 'a number above 0')),
);
export const from1 = v.optional(
  v.pipe(
    v.number('an integer from 1'),
    v.safeInteger('an integer from 1'),
    v.minValue(1, 'an integer from 1'),
  ),
);
