import { printableLines } from '../../core/vocabulary/printable.js';

/** Longest text of an attribute, in UTF-16 units. Services cut or refuse spans with more. */
const longestText = 4096;

/** The full name of an attribute or event that the semantic conventions do not have. */
export function own(name: string): string {
  return `jest_runner_hardware.${name}`;
}

/** Text of a run as an attribute: it may come from anybody, and whoever shows it may be a terminal. */
export function plainText(text: string): string {
  return printableLines(text)
    .slice(0, longestText)
    .replace(/\p{Cs}/gu, '\ufffd');
}

/** Its first line, for a status. */
export function firstLine(text: string): string {
  return plainText(text).split('\n', 1)[0] ?? '';
}
