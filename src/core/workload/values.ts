import { nearest } from '../vocabulary/nearest.js';
import { deviceClasses } from '../vocabulary/taxonomy.js';
import { parseBytes, parseDuration } from '../vocabulary/units.js';
import type { HardwareRequirement, UnsatisfiablePolicy } from './profile.js';

/** A value that was read, or that it could not be read and, where one can tell, what to write instead. */
export type ParsedValue<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly remedy?: string };

/** Reads one trimmed value of a docblock, an option or an environment variable. Never throws. */
export type Reader<T> = (text: string) => ParsedValue<T>;

/** One word of a closed vocabulary or its alias, in any case. */
export function wordOf<T extends string>(
  vocabulary: readonly T[],
  aliases: Readonly<Record<string, T>> = {},
): Reader<T> {
  const meanings = new Map<string, T>([
    ...vocabulary.map((word) => [word.toLowerCase(), word] as const),
    ...Object.entries(aliases),
  ]);
  return (text) => {
    const value = meanings.get(text.toLowerCase());
    if (value !== undefined) return { ok: true, value };
    const words = text.split(/\s+/);
    if (words.length > 1 && words.every((word) => meanings.has(word.toLowerCase()))) {
      return { ok: false, remedy: `put a comma between them: \`${words.join(', ')}\`` };
    }
    return unread(nearest(text, [...meanings.keys()]));
  };
}

/** A name the user may choose: letters, digits, `_`, `-`, `.`, `/` and `:`, no blanks. */
export const readName: Reader<string> = (text) =>
  /^[\p{L}\p{N}][\p{L}\p{N}_.:/-]*$/u.test(text) ? { ok: true, value: text } : unread();

/** An integer ≥ 1 and ≤ `max`, written in digits. */
export function integerUpTo(max: number): Reader<number> {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : 0;
    return value >= 1 && value <= max ? { ok: true, value } : unread();
  };
}

export const readCount: Reader<number> = integerUpTo(1_000_000);

/** A size > 0, in bytes. */
export const readBytes: Reader<number> = (text) => positive(parseBytes(text));

/** A time > 0, in ms. A bare number gets told the unit it lacks. */
export const readDuration: Reader<number> = (text) =>
  /^\d+$/.test(text) ? unread(`${text}s\` or \`${text}ms`) : positive(parseDuration(text));

/** One alternative of `@hardware`: `gpu`, `gpu:2`. */
export const readHardware: Reader<HardwareRequirement> = (text) => {
  const [, classText = text, countText = '1'] = /^(.*?)\s*:\s*(.*)$/s.exec(text) ?? [];
  const deviceClass = wordOf(deviceClasses)(classText);
  if (!deviceClass.ok) return deviceClass;
  const count = readCount(countText);
  if (!count.ok) return unread(`${deviceClass.value}:2`);
  return { ok: true, value: { class: deviceClass.value, count: count.value } };
};

export const unsatisfiableSyntax = '`fail`, `skip`, `degrade` or `wait` with a time (`wait 2m`)';

/** What to do with a suite that no known device can run: `fail`, `skip`, `degrade`, `wait 2m`. */
export const readUnsatisfiable: Reader<UnsatisfiablePolicy> = (text) => {
  const [, action = '', time = ''] = /^(\S+)\s*(.*)$/s.exec(text) ?? [];
  const word = wordOf(['fail', 'skip', 'degrade', 'wait'])(action);
  if (!word.ok) return word;
  if (word.value !== 'wait')
    return time === '' ? { ok: true, value: { action: word.value } } : unread(word.value);
  const wait = readDuration(time);
  return wait.ok ? { ok: true, value: { action: 'wait', waitMs: wait.value } } : unread('wait 2m');
};

/** The items of a comma-separated list, trimmed. An empty item stays, so that its reader can refuse it. */
export function splitList(text: string): readonly string[] {
  return text.split(',').map((item) => item.trim());
}

function positive(value: number | undefined): ParsedValue<number> {
  return value !== undefined && value > 0 ? { ok: true, value } : unread();
}

function unread(better?: string): ParsedValue<never> {
  return better === undefined ? { ok: false } : { ok: false, remedy: `write \`${better}\`` };
}
