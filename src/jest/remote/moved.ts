import { pathToFileURL } from 'node:url';

/**
 * A value in which every path below one folder is the path below another one, in all of its texts, `file:` addresses too:
 * results of suites that ran in a checkout elsewhere then read as if they had run here. Texts under `untouched` stay, as
 * positions are counted in them.
 */
export function moved<Value>(value: Value, from: string, to: string): Value {
  if (from === to) return value;
  const pairs = [
    [addressOf(from), addressOf(to)],
    [from, to],
  ] as const;
  const inText = (text: string) =>
    pairs.reduce(
      (moving, [old, other]) => (moving.includes(old) ? withPath(moving, old, other) : moving),
      text,
    );
  const seen = new Map<object, object>();
  const move = (each: unknown): unknown => {
    if (typeof each === 'string') return inText(each);
    if (typeof each !== 'object' || each === null) return each;
    const known = seen.get(each);
    if (known !== undefined) return known;
    const copy: object = Array.isArray(each) ? [] : {};
    seen.set(each, copy);
    for (const [key, part] of Object.entries(each)) {
      Object.assign(copy, { [inText(key)]: untouched.has(key) ? part : move(part) });
    }
    return copy;
  };
  return move(value) as Value;
}

/** What V8 counted coverage in, and what its source maps show. */
const untouched: ReadonlySet<string> = new Set(['code', 'originalCode', 'sourcesContent']);

function addressOf(folder: string): string {
  return pathToFileURL(folder).href;
}

/** Not in `/a/project-2` for `/a/project`. */
function withPath(text: string, from: string, to: string): string {
  return text.split(from).reduce((before, after) => `${before}${/^[\w-]/.test(after) ? from : to}${after}`);
}
