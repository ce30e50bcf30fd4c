/** What is to be planned: suites on slots. Indices instead of names wherever something is looked up often. */
export interface PlanInstance {
  readonly machines: readonly PlanMachine[];
  readonly pools: readonly PlanPool[];
  readonly suites: readonly PlanSuite[];
}

/** Budgets that the suites of a machine share, whatever slots they run on. */
export interface PlanMachine {
  readonly name: string;
  /** How many suites may run at once, ≥ 1. */
  readonly workers: number;
  readonly cpuThreads: number;
  readonly memoryBytes: number;
}

/** Slots of equal devices of one machine: interchangeable. */
export interface PlanPool {
  readonly name: string;
  /** Index into `machines`. */
  readonly machine: number;
  /** ≥ 1. */
  readonly slots: number;
  /** Memory of one device; left out: suites may not ask for any. */
  readonly deviceMemoryBytes?: number;
  /** How many of the slots share a device, ≥ 1. Default 1. */
  readonly slotsPerDevice?: number;
  /** When each slot comes free, ms from now. Default 0 for all. */
  readonly freeAtMs?: readonly number[];
}

export interface PlanSuite {
  readonly id: string;
  /** Ms by index of the pool; infinite: cannot run there. Nonsense is bounded: at least 1, at most 10¹². */
  readonly durationMs: ArrayLike<number>;
  /** Default 0. */
  readonly hostMemoryBytes?: number;
  /** Default 0. */
  readonly deviceMemoryBytes?: number;
  /** Default 1. */
  readonly cpuThreads?: number;
  /** How many devices of the pool it takes at once. Default 1. */
  readonly devices?: number;
  readonly locks?: readonly string[];
  /** Alone on its machine. Default false. */
  readonly exclusive?: boolean;
  /** 1…5, higher starts earlier where the makespan allows it. Default 3. */
  readonly priority?: number;
}

/** An instance in arrays, its suites in the order of their ids, so that a plan does not depend on the order of the input. */
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
  /** Sum of the times when the pool's slots come free. */
  readonly baseMs: Float64Array;
  /** True when nothing but slots limits what runs at once. */
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

/** Nothing makes sense of a time below 1 ms, and what is no number is taken for it: a plan must come out. */
function bounded(ms: number | undefined): number {
  if (ms === undefined || ms === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  return ms >= 1 ? Math.min(Math.round(ms), maxDurationMs) : 1;
}

/** What is larger than the machine by itself never runs there; what merely competes does. */
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

/** True when nothing but slots limits what runs at once. */
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

/** By code unit, then by place: the order must not depend on anybody's locale. */
function compareIds(suites: readonly PlanSuite[], a: number, b: number): number {
  const idA = suites[a]?.id ?? '';
  const idB = suites[b]?.id ?? '';
  return idA < idB ? -1 : idA > idB ? 1 : a - b;
}
