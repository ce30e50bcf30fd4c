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

/**
 * A draw from the standard normal distribution: the Box–Muller transform (1958). `log` and `cos` may differ in the last digits
 * between engines.
 */
export function normalFrom(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
