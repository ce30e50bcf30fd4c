/** What the bound needs to know of a slot; a `Slot` will do. */
export interface BoundSlot {
  readonly type: string;
  readonly machine: { readonly name: string };
  /** How many suites may run on the machine at once, over all its slots. */
  readonly machineWorkers: number;
}

/** Duration of one suite in ms by slot type; a type left out cannot run it. */
export type DurationsMs = Readonly<Record<string, number>>;

/**
 * A time that no schedule of these suites on these slots can beat, the larger of
 * - the longest suite on its fastest slot type, and
 * - for every set of slot types that confines some suites: their work, each at its fastest, spread evenly over the set.
 *
 * Budgets, locks and exclusive suites are left out, so that the truth may lie above, never below.
 * @param suites What no slot can run does not count.
 * @returns Ms, not rounded; 0 when nothing can run.
 */
export function areaBoundMs(suites: Iterable<DurationsMs>, slots: readonly BoundSlot[]): number {
  const known = new Set(slots.map(({ type }) => type));
  const confined = new Map<string, { readonly types: ReadonlySet<string>; workMs: number }>();
  let longestMs = 0;
  for (const durationsMs of suites) {
    const types = Object.keys(durationsMs).filter((type) => known.has(type));
    if (types.length === 0) continue;
    const fastestMs = Math.min(...types.map((type) => durationsMs[type] ?? 0));
    longestMs = Math.max(longestMs, fastestMs);
    const key = JSON.stringify(types.sort());
    const area = confined.get(key) ?? { types: new Set(types), workMs: 0 };
    area.workMs += fastestMs;
    confined.set(key, area);
  }
  const areas = [...confined.values()];
  const boundsMs = [known, ...areas.map(({ types }) => types)].map((types) => {
    const inside = areas.filter((area) => [...area.types].every((type) => types.has(type)));
    const workMs = inside.reduce((sumMs, area) => sumMs + area.workMs, 0);
    return workMs === 0 ? 0 : workMs / concurrency(slots, types);
  });
  return Math.max(longestMs, ...boundsMs);
}

/** How many suites can run at once on the slots of these types. */
function concurrency(slots: readonly BoundSlot[], types: ReadonlySet<string>): number {
  const machines = new Map<string, { count: number; workers: number }>();
  for (const { type, machine, machineWorkers } of slots) {
    if (!types.has(type)) continue;
    const { count = 0 } = machines.get(machine.name) ?? {};
    machines.set(machine.name, { count: count + 1, workers: machineWorkers });
  }
  return [...machines.values()].reduce((sum, { count, workers }) => sum + Math.min(count, workers), 0);
}
