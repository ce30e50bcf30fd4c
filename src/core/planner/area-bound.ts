/**
 * Area bound of the makespan (preemptive relaxation, McNaughton 1959, with eligibility): work over what can run at once. It is
 * weaker than the Lagrangian bound, but needs no planning instance and no passes: reports use it for a whole run.
 */

/** What the bound needs to know of a slot. A `Slot` is one. */
export interface BoundSlot {
  /** Name of its pool. */
  readonly type: string;
  readonly machine: { readonly name: string };
  /** How many suites may run on the machine at once, over all its slots. */
  readonly machineWorkers: number;
}

/** Duration of one suite in ms by slot pool. A pool that is left out cannot run it. */
export type DurationsMs = Readonly<Record<string, number>>;

/**
 * The larger of
 * - the longest suite on its fastest slot pool, and
 * - for each set of pools to which some suites are confined: their work, each at its fastest, over the concurrency of the set.
 *
 * Budgets, locks and exclusive suites are left out: no schedule is shorter, and the shortest may be longer.
 * @param suites Suites that no slot can run are ignored.
 * @returns Ms, not rounded; 0 when nothing can run.
 */
export function areaBoundMs(suites: Iterable<DurationsMs>, slots: readonly BoundSlot[]): number {
  const known = new Set(slots.map(({ type }) => type));
  const work = [...suites].map((durationsMs): Work => {
    const types = Object.keys(durationsMs).filter((type) => known.has(type));
    return { types, fastestMs: Math.min(...types.map((type) => durationsMs[type] ?? 0)) };
  });
  return areaBoundOfWorkMs(work, slots);
}

/** A suite and the pools that can run it. */
export interface Work {
  /** Suites that share one list are looked at together, which is what large runs need. */
  readonly types: readonly string[];
  /** Ms on the fastest of them. */
  readonly fastestMs: number;
}

/** The same bound as `areaBoundMs`. */
export function areaBoundOfWorkMs(work: Iterable<Work>, slots: readonly BoundSlot[]): number {
  const known = new Set(slots.map(({ type }) => type));
  const areas = new Map<string, Area>();
  const areaOfList = new Map<readonly string[], Area>();
  let longestMs = 0;
  for (const { types, fastestMs } of work) {
    let area = areaOfList.get(types);
    if (area === undefined) {
      const own = types.filter((type) => known.has(type)).sort();
      const key = JSON.stringify(own);
      area = areas.get(key) ?? { types: new Set(own), workMs: 0 };
      areas.set(key, area);
      areaOfList.set(types, area);
    }
    if (area.types.size === 0) continue;
    longestMs = Math.max(longestMs, fastestMs);
    area.workMs += fastestMs;
  }
  const confined = [...areas.values()].filter(({ types }) => types.size > 0);
  const boundsMs = [known, ...confined.map(({ types }) => types)].map((types) => {
    const inside = confined.filter((area) => [...area.types].every((type) => types.has(type)));
    const workMs = inside.reduce((sumMs, area) => sumMs + area.workMs, 0);
    return workMs === 0 ? 0 : workMs / concurrency(slots, types);
  });
  return Math.max(longestMs, ...boundsMs);
}

interface Area {
  readonly types: ReadonlySet<string>;
  workMs: number;
}

/** How many suites can run at once on the slots of these pools. */
function concurrency(slots: readonly BoundSlot[], types: ReadonlySet<string>): number {
  const machines = new Map<string, { count: number; workers: number }>();
  for (const { type, machine, machineWorkers } of slots) {
    if (!types.has(type)) continue;
    const { count = 0 } = machines.get(machine.name) ?? {};
    machines.set(machine.name, { count: count + 1, workers: machineWorkers });
  }
  return [...machines.values()].reduce((sum, { count, workers }) => sum + Math.min(count, workers), 0);
}
