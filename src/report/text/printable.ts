import { printable } from '../../core/vocabulary/printable.js';

export { printable, printableJson, printableLines } from '../../core/vocabulary/printable.js';

/** The same for every text inside of a value that is only shown; keys too, as labels may be of somebody's choice. */
export function printableValue<Value>(value: Value): Value {
  if (typeof value === 'string') return printable(value) as Value;
  if (Array.isArray(value)) return value.map(printableValue) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, entry]) => [printable(key), printableValue(entry)]);
  return Object.fromEntries(entries) as Value;
}
