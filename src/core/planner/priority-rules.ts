import type { IndexedInstance, PlanMachine, PlanSuite } from './instance.js';
import type { Prices } from './lagrangian-bound.js';

/**
 * The two criteria of the priority rule of list scheduling. Rank = length × (1 + weight × size): long suites first, as in
 * LPT, and big ones earlier, since they leave no gaps at first and find no room later.
 */
export interface PriorityCriteria {
  /** By suite: ms on its cheapest pool; higher priorities count as longer. */
  readonly lengths: Float64Array;
  /** By suite: the largest share of anything but time that it takes of a machine, 0…1. */
  readonly sizes: Float64Array;
}

export function priorityCriteria(instance: IndexedInstance, prices: Prices): PriorityCriteria {
  const { suites, suiteCount, poolCount, durations, given } = instance;
  const lengths = new Float64Array(suiteCount);
  const sizes = new Float64Array(suiteCount);
  suites.forEach((suite, row) => {
    const rateRow = (prices.resources.groupOf[row] as number) * poolCount;
    let least = Number.POSITIVE_INFINITY;
    for (let pool = 0; pool < poolCount; pool++) {
      const ms = durations[row * poolCount + pool] as number;
      const price = ms * (prices.rates[rateRow + pool] as number);
      if (price >= least) continue;
      least = price;
      lengths[row] = ms * (1 + ((suite.priority ?? 3) - 3) / 4);
      sizes[row] = sizeOn(
        suite,
        given.pools[pool]?.slots ?? 1,
        given.machines[given.pools[pool]?.machine ?? 0],
      );
    }
  });
  return { lengths, sizes };
}

export function rankBy({ lengths, sizes }: PriorityCriteria, sizeWeight: number): Float64Array {
  return lengths.map((length, row) => length * (1 + sizeWeight * (sizes[row] as number)));
}

/** Locks and exclusive suites count like half of the machine and all of it. */
function sizeOn(suite: PlanSuite, slots: number, machine: PlanMachine | undefined): number {
  const { hostMemoryBytes = 0, cpuThreads = 1, devices = 1, exclusive = false, locks = [] } = suite;
  if (exclusive || machine === undefined) return 1;
  return Math.max(
    hostMemoryBytes / machine.memoryBytes,
    cpuThreads > 1 ? cpuThreads / machine.cpuThreads : 0,
    devices > 1 ? devices / slots : 0,
    locks.length > 0 ? 0.5 : 0,
  );
}
