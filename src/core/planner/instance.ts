/**
 * A planning instance: R│M_j│C_max (suites on unrelated parallel machines with eligibility, least makespan) with further
 * resources: workers, threads and memory of machines, memory of devices, several devices at once, locks, exclusive suites.
 */
export interface PlanInstance {
  readonly machines: readonly PlanMachine[];
  readonly pools: readonly PlanPool[];
  readonly suites: readonly PlanSuite[];
}

/** What the suites of a machine share, whatever slots they run on. */
export interface PlanMachine {
  readonly name: string;
  /** How many suites may run at once, ≥ 1. */
  readonly workers: number;
  readonly cpuThreads: number;
  readonly memoryBytes: number;
}

/** A slot pool: the slots of equal devices of one machine, which are interchangeable. */
export interface PlanPool {
  readonly name: string;
  /** Index into `machines`. */
  readonly machine: number;
  /** ≥ 1. */
  readonly slots: number;
  /** Memory of one device. Default 0: suites that ask for device memory cannot run here. */
  readonly deviceMemoryBytes?: number;
  /** How many of the slots share a device, ≥ 1. Default 1. */
  readonly slotsPerDevice?: number;
  /** When each slot comes free, ms from now. Default 0 for all. */
  readonly freeAtMs?: readonly number[];
}

export interface PlanSuite {
  readonly id: string;
  /** Ms by index of the pool; infinite: cannot run there. Rounded and clamped to 1…10¹²; NaN counts as 1. */
  readonly durationMs: ArrayLike<number>;
  /** Default 0. */
  readonly hostMemoryBytes?: number;
  /** Default 0. */
  readonly deviceMemoryBytes?: number;
  /** Default 1. */
  readonly cpuThreads?: number;
  /** How many devices of the pool it holds at once. Default 1. */
  readonly devices?: number;
  readonly locks?: readonly string[];
  /** Runs alone on its machine. Default false. */
  readonly exclusive?: boolean;
  /** 1…5, higher ones start earlier where that does not make the run longer. Default 3. */
  readonly priority?: number;
}

/** An instance in typed arrays. Suites are sorted by id, so that a plan does not depend on the order of the input. */
export interface IndexedInstance {
  readonly given: PlanInstance;
  /** Suite by position; `suites[k]` is `given.suites[order[k]]`. */
  readonly order: readonly number[];
  readonly suites: readonly PlanSuite[];
  readonly suiteCount: number;
  readonly poolCount: number;
  /** [suite × poolCount + pool]; Infinity: cannot run there. */
  readonly durations: Float64Array;
  /** By pool. */
  readonly slots: Int32Array;
  /** By pool: the sum of the times when its slots come free. */
  readonly baseMs: Float64Array;
  /** Whether nothing but slots limits what runs at once. */
  readonly slotsOnly: boolean;
}

const maxDurationMs = 1e12;

export function indexed(given: PlanInstance): IndexedInstance {
  const { pools, suites: unordered } = given;
  const order = unordered.map((_, index) => index).sort((a, b) => compareIds(unordered, a, b));
  const suites = order.map((index) => unordered[index] as PlanSuite);
  const durations = new Float64Array(suites.length * pools.length).fill(Number.POSITIVE_INFINITY);
  suites.forEach((suite, row) => {
    pools.forEach((pool, column) => {
      const { durationMs } = suite;
      if (canRun(suite, pool, given)) {
        durations[row * pools.length + column] = bounded(durationMs[column]);
      }
    });
  });
  return {
    given,
    order,
    suites,
    suiteCount: suites.length,
    poolCount: pools.length,
    durations,
    slots: Int32Array.from(pools, ({ slots }) => slots),
    baseMs: Float64Array.from(pools, ({ freeAtMs = [] }) => freeAtMs.reduce((sum, each) => sum + each, 0)),
    slotsOnly: isLimitedBySlotsOnly(given),
  };
}

/** Durations below 1 ms and NaN become 1 ms: any input has a plan. */
function bounded(ms: number | undefined): number {
  if (ms === undefined || ms === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  return ms >= 1 ? Math.min(Math.round(ms), maxDurationMs) : 1;
}

/** Whether the suite fits when it is alone on the machine. */
function canRun(suite: PlanSuite, pool: PlanPool, { machines }: PlanInstance): boolean {
  const machine = machines[pool.machine];
  const { hostMemoryBytes = 0, deviceMemoryBytes = 0, cpuThreads = 1, devices = 1 } = suite;
  return (
    machine !== undefined &&
    hostMemoryBytes <= machine.memoryBytes &&
    cpuThreads <= machine.cpuThreads &&
    (deviceMemoryBytes === 0 || deviceMemoryBytes <= (pool.deviceMemoryBytes ?? 0)) &&
    devices <= Math.floor(pool.slots / (pool.slotsPerDevice ?? 1))
  );
}

/** Whether slots are the only scarce resource: all slots can be busy with the most demanding suites at once. */
export function isLimitedBySlotsOnly({ machines, pools, suites }: PlanInstance): boolean {
  const onMachine = machines.map(() => 0);
  for (const { machine, slots } of pools) onMachine[machine] = (onMachine[machine] ?? 0) + slots;
  const most = { memory: 0, device: 0, threads: 0 };
  for (const suite of suites) {
    const { hostMemoryBytes = 0, deviceMemoryBytes = 0, cpuThreads = 1, devices = 1 } = suite;
    if (devices > 1 || suite.exclusive === true || (suite.locks?.length ?? 0) > 0) return false;
    most.memory = Math.max(most.memory, hostMemoryBytes);
    most.device = Math.max(most.device, deviceMemoryBytes);
    most.threads = Math.max(most.threads, cpuThreads);
  }
  return (
    machines.every(({ workers, cpuThreads, memoryBytes }, index) => {
      const slots = onMachine[index] ?? 0;
      return slots <= workers && slots * most.threads <= cpuThreads && slots * most.memory <= memoryBytes;
    }) &&
    pools.every(
      ({ slotsPerDevice = 1, deviceMemoryBytes = 0 }) =>
        slotsPerDevice * most.device <= deviceMemoryBytes || most.device === 0,
    )
  );
}

/** By code units, as an order by locale would differ between machines; equal ids by position. */
function compareIds(suites: readonly PlanSuite[], a: number, b: number): number {
  const idA = suites[a]?.id ?? '';
  const idB = suites[b]?.id ?? '';
  return idA < idB ? -1 : idA > idB ? 1 : a - b;
}
