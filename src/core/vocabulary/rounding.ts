/** Rounds up to the next of eight steps an octave: few different figures, none more than an eighth too large. @param value ≥ 0. */
export function roundedUpToEighth(value: number): number {
  let step = 1;
  while (step * 16 <= value) step *= 2;
  return Math.ceil(value / step) * step;
}
