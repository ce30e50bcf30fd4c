import type { Chaos, FaultName } from '../core/events.js';
import { hashOf } from '../core/vocabulary/hash.js';
import { randomFrom } from '../core/vocabulary/random.js';

/**
 * Draws the fault for something that happens in a run. Whether it is struck depends on the seed, the rate and `what` alone;
 * by which fault, also on those that are possible there.
 * @param what Names it in every run alike: `attempt 1 of a.test.js`.
 * @returns Undefined: none.
 */
export function drawn<Name extends FaultName>(
  { seed, rate, faults }: Chaos,
  what: string,
  possible: readonly Name[],
): Name | undefined {
  const next = randomFrom(hashOf(`${seed} ${what}`));
  if (next() >= rate) return undefined;
  const among = possible.filter((each) => faults.includes(each));
  return among[Math.floor(next() * among.length)];
}
