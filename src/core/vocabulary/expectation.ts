/** What a schema says of a value that it refuses, as far as we read it; an issue of valibot will do. */
interface SchemaIssue {
  /** Name of the schema or check: `string`, `min_value` … */
  readonly type: string;
  /** In the library's own notation: `("gpu" | "cpu")`, `Array`, `"atMs"` for a missing key. */
  readonly expected: string | null;
  /** What a check compares with. */
  readonly requirement?: unknown;
}

/** What would have been right, in the words of our messages: for schemas and checks that have no message of their own. */
export function expectationOf({ type, expected, requirement }: SchemaIssue): string {
  switch (type) {
    case 'min_value':
      return `a number of at least ${String(requirement)}`;
    case 'max_value':
      return `a number of at most ${String(requirement)}`;
    case 'gt_value':
      return `a number above ${String(requirement)}`;
    case 'finite':
      return 'a finite number';
    case 'integer':
    case 'safe_integer':
      return 'an integer';
    case 'non_empty':
      return 'anything but nothing';
    case 'min_length':
      return `at least ${String(requirement)}`;
    case 'iso_timestamp':
      return 'a time such as 2026-03-01T08:15:00.000Z';
    case 'regex':
      return `a text such as ${String(requirement)} matches`;
    default:
      return alternatives(expected ?? '');
  }
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  Array: 'a list',
  Object: 'an object',
  never: 'no such key',
};

/** `("gpu" | "cpu")` → `one of gpu, cpu`; `(string | Array)` → `a text or a list`. */
function alternatives(expected: string): string {
  const words = expected.replace(/^\((.*)\)$/, '$1').split(' | ');
  const isWord = words.every((word) => /^["\d-]/.test(word));
  if (isWord) return `${words.length > 1 ? 'one of ' : ''}${words.map(unquoted).join(', ')}`;
  return words.map((word) => kinds[word] ?? unquoted(word)).join(' or ');
}

function unquoted(word: string): string {
  return word.replace(/^"(.*)"$/, '$1');
}
