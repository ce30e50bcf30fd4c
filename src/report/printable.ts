import { printable } from '../core/printable.js';

export { printable };

/** The same for every text inside of a value that is only shown; keys too, as labels may be of somebody's choice. */
export function printableValue<Value>(value: Value): Value {
  if (typeof value === 'string') return printable(value) as Value;
  if (Array.isArray(value)) return value.map(printableValue) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, entry]) => [printable(key), printableValue(entry)]);
  return Object.fromEntries(entries) as Value;
}

/**
 * JSON for standard output: exactly the value for whoever parses it, and yet nothing that a terminal or the log of a CI
 * service obeys. JSON itself escapes only the first 32 control characters.
 */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2)
    .replace(/[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, escaped)
    .replace(/#(?=#)/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
