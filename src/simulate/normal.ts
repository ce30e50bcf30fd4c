/**
 * A draw from the standard normal distribution: the Box–Muller transform (1958). `log` and `cos` may differ in the last digits
 * between engines.
 */
export function normalFrom(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
