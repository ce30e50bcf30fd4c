import { limits } from '../core/vocabulary/limits.js';

const [quote, backslash, colon] = [0x22, 0x5c, 0x3a];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** What one pass over the signs of a text of JSON tells, before anything parses it. What stands inside of texts does not count. */
export interface JsonScan {
  /**
   * Offset of the first bracket with which the text has more levels than anything that this package reads: parsers that
   * call themselves run out of stack there. Undefined: there is none.
   */
  readonly tooDeepAt: number | undefined;
  /** How many members all objects have together, those counted twice that stand twice; up to `tooDeepAt`. */
  readonly members: number;
}

export function scanJson(json: string): JsonScan {
  let depth = 0;
  let members = 0;
  let inText = false;
  for (let offset = 0; offset < json.length; offset += 1) {
    const sign = json.charCodeAt(offset);
    if (sign === quote) inText = !inText;
    else if (inText) {
      if (sign === backslash) offset += 1;
    } else if (sign === openList || sign === openObject) {
      depth += 1;
      if (depth > limits.jsonDepth) return { tooDeepAt: offset, members };
    } else if (sign === closeList || sign === closeObject) depth -= 1;
    else if (sign === colon) members += 1;
  }
  return { tooDeepAt: undefined, members };
}
