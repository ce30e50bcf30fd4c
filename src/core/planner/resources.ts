import type { IndexedInstance, PlanSuite } from './instance.js';

/** A suite takes this share (0…1) of the whole resource for as long as it runs. */
interface Share {
  readonly resource: number;
  readonly share: number;
}

/**
 * All renewable resources of an instance and what suites take of them. Suites of one suite group take the same, whatever
 * their durations. Resource p < poolCount is the slots of pool p. Then come workers, memory and threads of machines, memory
 * of devices, and locks, as far as they are scarce.
 */
export interface Resources {
  readonly count: number;
  /** Suite group by suite. */
  readonly groupOf: Int32Array;
  readonly groupCount: number;
  /** [group × poolCount + pool] */
  readonly shares: readonly Shares[];
}

/** What a suite takes when it runs on a pool. */
export type Shares = readonly Share[];

/** The suite's share of the resource; 0: it takes none. */
export function shareOf(shares: Shares, resource: number): number {
  for (const each of shares) if (each.resource === resource) return each.share;
  return 0;
}

export function resourcesOf(instance: IndexedInstance): Resources {
  const { suites, suiteCount, poolCount } = instance;
  const names = new Map<string, number>();
  const resource = (name: string) => {
    const known = names.get(name) ?? poolCount + names.size;
    names.set(name, known);
    return known;
  };
  const groups = new Map<string, number>();
  const representatives: PlanSuite[] = [];
  const groupOf = new Int32Array(suiteCount);
  suites.forEach((suite, row) => {
    const key = instance.slotsOnly ? '' : keyOf(suite);
    let known = groups.get(key);
    if (known === undefined) {
      known = groups.size;
      groups.set(key, known);
      representatives.push(suite);
    }
    groupOf[row] = known;
  });
  const shares = representatives.flatMap((suite) =>
    Array.from({ length: poolCount }, (_, pool) => sharesOf(instance, suite, pool, resource)),
  );
  return { count: poolCount + names.size, groupOf, groupCount: representatives.length, shares };
}

function keyOf({
  hostMemoryBytes,
  deviceMemoryBytes,
  cpuThreads,
  devices,
  locks,
  exclusive,
}: PlanSuite): string {
  return JSON.stringify([hostMemoryBytes, deviceMemoryBytes, cpuThreads, devices, locks, exclusive]);
}

function sharesOf(
  { given, slotsOnly }: IndexedInstance,
  suite: PlanSuite,
  poolIndex: number,
  resource: (name: string) => number,
): Shares {
  const pool = given.pools[poolIndex];
  const machine = pool && given.machines[pool.machine];
  if (pool === undefined || machine === undefined) return [];
  const { hostMemoryBytes = 0, deviceMemoryBytes = 0, cpuThreads = 1, devices = 1 } = suite;
  const slots = { resource: poolIndex, share: devices / pool.slots };
  if (slotsOnly) return [slots];
  const ofMachine = (what: string, share: number) =>
    share > 0 ? [{ resource: resource(`${what} ${pool.machine}`), share }] : [];
  const deviceCount = pool.slots / (pool.slotsPerDevice ?? 1);
  return [
    slots,
    ...ofMachine('workers', suite.exclusive === true ? 1 : 1 / machine.workers),
    ...ofMachine('memory', hostMemoryBytes / machine.memoryBytes),
    ...ofMachine('threads', cpuThreads / machine.cpuThreads),
    ...(deviceMemoryBytes > 0
      ? [
          {
            resource: resource(`device ${poolIndex}`),
            share: (devices * deviceMemoryBytes) / ((pool.deviceMemoryBytes ?? 1) * deviceCount),
          },
        ]
      : []),
    ...(suite.locks ?? []).map((lock) => ({ resource: resource(`lock ${lock}`), share: 1 })),
  ];
}
