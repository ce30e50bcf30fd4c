/**
 * A seeded pseudo-random generator: mulberry32 (Tommy Ettinger), with 32 bits of state. Integer arithmetic alone, so that equal
 * seeds give equal numbers in every engine. Not for secrets.
 * @returns A function that gives uniform numbers in [0, 1).
 */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
