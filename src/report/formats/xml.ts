import { printable } from '../../core/vocabulary/printable.js';

/** An element on one line, or with its children below it, two spaces further in. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  children: readonly string[] = [],
): string {
  const head = `<${name}${Object.entries(attributes)
    .map(([key, value]) => (value === undefined ? '' : ` ${key}="${xmlText(String(value))}"`))
    .join('')}`;
  if (children.length === 0) return `${head}/>`;
  const inner = children.map((child) => child.replace(/^/gm, '  '));
  return [`${head}>`, ...inner, `</${name}>`].join('\n');
}

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Text on one line that may stand in an element and in an attribute: every character is one that XML 1.0 allows. */
export function xmlText(text: string): string {
  return wellFormed(printable(text)).replace(/[&<>"]/g, (character) => references[character] ?? '');
}

/** Lone halves of a surrogate pair and the two noncharacters that XML forbids become the replacement character. */
function wellFormed(text: string): string {
  return text.replace(/\p{Cs}|[\ufffe\uffff]/gu, '\ufffd');
}
