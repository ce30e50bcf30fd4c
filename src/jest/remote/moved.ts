/**
 * A value in which every path below one folder is the path below another one, in all of its texts: results of suites that
 * ran in a checkout elsewhere then read as if they had run here. Texts under `untouched` stay, as positions are counted in them.
 */
export function moved<Value>(value: Value, from: string, to: string): Value {
  if (from === to) return value;
  const seen = new Map<object, object>();
  const move = (each: unknown): unknown => {
    if (typeof each === 'string') return each.includes(from) ? each.replaceAll(from, to) : each;
    if (typeof each !== 'object' || each === null) return each;
    const known = seen.get(each);
    if (known !== undefined) return known;
    const copy: object = Array.isArray(each) ? [] : {};
    seen.set(each, copy);
    for (const [key, part] of Object.entries(each)) {
      Object.assign(copy, { [move(key) as string]: untouched.has(key) ? part : move(part) });
    }
    return copy;
  };
  return move(value) as Value;
}

/** What V8 counted coverage in. */
const untouched: ReadonlySet<string> = new Set(['code', 'originalCode']);
