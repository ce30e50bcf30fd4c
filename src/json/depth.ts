import { limits } from '../core/vocabulary/limits.js';

const [quote, backslash, openList, closeList, openObject, closeObject] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Where a text of JSON gets more levels than anything that this package reads: parsers that call themselves run out of
 * stack there. Brackets inside of texts do not count.
 * @returns The offset of the first bracket that is one too many; undefined: there is none.
 */
export function offsetTooDeep(json: string): number | undefined {
  let depth = 0;
  let inText = false;
  for (let offset = 0; offset < json.length; offset += 1) {
    const sign = json.charCodeAt(offset);
    if (sign === quote) inText = !inText;
    else if (inText) {
      if (sign === backslash) offset += 1;
    } else if (sign === openList || sign === openObject) {
      depth += 1;
      if (depth > limits.jsonDepth) return offset;
    } else if (sign === closeList || sign === closeObject) depth -= 1;
  }
  return undefined;
}
