/** CSI sequences, then strings for the terminal (OSC, DCS …) up to their end, then all other escapes. */
const escapes = new RegExp(
  [
    '(?:\\u001b\\[|\\u009b)[0-?]*[ -/]*[@-~]?',
    '(?:\\u001b[\\]PX^_]|[\\u0090\\u0098\\u009d-\\u009f])[^\\u0007\\u001b\\u009c]*(?:\\u0007|\\u001b\\\\|\\u009c)?',
    '\\u001b[ -/]*[0-~]?',
  ].join('|'),
  'g',
);

/**
 * Text from outside (a declared model name, a tool's message) as one line that a terminal and the log of a CI service
 * show and do not obey: no escape sequences, no control or direction characters, no `::error::` or `##vso[…]`.
 */
export function printable(text: string): string {
  return text
    .replace(escapes, '')
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/:(?=:)/g, ': ')
    .replace(/#(?=#)/g, '# ');
}

/** The same for a text of several lines that has no colours of its own. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** The same for every text in a value that is only shown. Keys too: labels may be anybody's choice. */
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
 * @param indent Spaces for each level; 0: all on one line.
 */
export function printableJson(value: unknown, indent = 2): string {
  return JSON.stringify(value, undefined, indent)
    .replace(/[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, escaped)
    .replace(/#(?=#)/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
