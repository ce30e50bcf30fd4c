/** A part of a regular expression: from the set of positions where it may begin to the set of those where it may end. */
type Part = (text: string, from: ReadonlySet<number>) => ReadonlySet<number>;

/**
 * A regular expression without backtracking: Thompson's simulation of a nondeterministic automaton (1968). It follows all
 * alternatives at once as a set of positions in the text, so that no pattern takes exponential time.
 * @param source What globs become: groups, lookaheads, classes and quantifiers; no back references, no lookbehinds.
 * @returns Undefined when the source has syntax that is not supported.
 */
export function linearMatcher(source: string): ((text: string) => boolean) | undefined {
  let at = 0;
  try {
    const whole = alternatives();
    if (at < source.length) return undefined;
    return (text) => whole(text, new Set([0])).size > 0;
  } catch (error) {
    if (error instanceof Unknown) return undefined;
    throw error;
  }

  function alternatives(): Part {
    const parts = [sequence()];
    while (source[at] === '|') {
      at += 1;
      parts.push(sequence());
    }
    return parts.length === 1 ? (parts[0] as Part) : union(parts);
  }

  function sequence(): Part {
    const parts: Part[] = [];
    while (at < source.length && source[at] !== '|' && source[at] !== ')') parts.push(quantified());
    return (text, from) =>
      parts.reduce((places, part) => (places.size === 0 ? places : part(text, places)), from);
  }

  function quantified(): Part {
    let part = atom();
    for (;;) {
      const quantifier = taken(/[*+?]|\{(\d+)(,?)(\d*)\}/y);
      if (quantifier === undefined) return part;
      taken(/\?/y);
      const [sign, least = '0', comma, most] = quantifier;
      if (sign === '*') part = repeated(part, 0, Number.POSITIVE_INFINITY);
      else if (sign === '+') part = repeated(part, 1, Number.POSITIVE_INFINITY);
      else if (sign === '?') part = repeated(part, 0, 1);
      else if (Number(least) > mostRepeats || Number(most) > mostRepeats) throw new Unknown();
      else
        part = repeated(
          part,
          Number(least),
          comma === '' ? Number(least) : most ? Number(most) : Number.POSITIVE_INFINITY,
        );
    }
  }

  function atom(): Part {
    const group = taken(/\((\?:|\?=|\?!|(?!\?))/y);
    if (group !== undefined) {
      const inner = alternatives();
      if (taken(/\)/y) === undefined) throw new Unknown();
      if (group[1] !== '?=' && group[1] !== '?!') return inner;
      const isWanted = group[1] === '?=';
      return kept((text, place) => inner(text, new Set([place])).size > 0 === isWanted);
    }
    if (taken(/\^/y)) return kept((_text, place) => place === 0);
    if (taken(/\$/y)) return kept((text, place) => place === text.length);
    const one = taken(/\[(?:[^\]\\]|\\.)*\]|\\[^a-zA-Z0-9]|\\[dDwWsS]|[^()[\]\\*+?|]/y);
    if (one === undefined) throw new Unknown();
    const [written] = one;
    const character = new RegExp(`^${written === '{' || written === '}' ? `\\${written}` : written}$`);
    return (text, from) => {
      const ends = new Set<number>();
      for (const place of from) {
        const next = text[place];
        if (next !== undefined && character.test(next)) ends.add(place + 1);
      }
      return ends;
    };
  }

  function taken(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (found === null) return undefined;
    at = pattern.lastIndex;
    return found;
  }
}

class Unknown extends Error {}

/** Larger counts in `{n,m}` are not supported: each repeats the part. Not tuned. */
const mostRepeats = 100;

function union(parts: readonly Part[]): Part {
  return (text, from) => new Set(parts.flatMap((part) => [...part(text, from)]));
}

function kept(holds: (text: string, place: number) => boolean): Part {
  return (text, from) => new Set([...from].filter((place) => holds(text, place)));
}

/** Each round starts only at positions that no earlier round has reached, so that loops end. */
function repeated(part: Part, least: number, most: number): Part {
  return (text, from) => {
    let places = from;
    for (let round = 0; round < least; round += 1) places = part(text, places);
    const ends = new Set(places);
    for (let round = least; round < most && places.size > 0; round += 1) {
      const fresh = new Set<number>();
      for (const place of part(text, places)) if (!ends.has(place)) fresh.add(place);
      for (const place of fresh) ends.add(place);
      places = fresh;
    }
    return ends;
  };
}
