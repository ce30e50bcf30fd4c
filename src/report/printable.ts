import { stripVTControlCharacters } from 'node:util';

/**
 * Text from outside (a declared model name, a tool's message) as one line that a terminal and the log of a CI service
 * show and do not obey: no escape sequences, no control or direction characters, no `::error::` or `##vso[…]`.
 */
export function printable(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/:(?=:)/g, ': ')
    .replace(/#(?=#)/g, '# ');
}

/** The same for every text inside of a value that is only shown; keys too, as labels may be of somebody's choice. */
export function printableValue<Value>(value: Value): Value {
  if (typeof value === 'string') return printable(value) as Value;
  if (Array.isArray(value)) return value.map(printableValue) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, entry]) => [printable(key), printableValue(entry)]);
  return Object.fromEntries(entries) as Value;
}
