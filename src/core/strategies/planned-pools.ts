import type { PlanMachine } from '../planner/plan.js';
import { planMachineOf } from '../scheduler/plan-instance.js';
import type { ClusterView, SlotPool } from '../scheduler/strategy.js';
import { roundedUpToEighth } from '../vocabulary/rounding.js';

const tuning = {
  /**
   * Pools of an instance above which machines that are alike are planned as one: dual prices of many pools, each with few
   * suites, are far from settled after the passes that a quick plan can afford. `node bench/fleet-size.mjs`.
   */
  mostPools: 64,
  /** And suites × pools: what a plan costs, in time and in memory (about 100 bytes each). */
  mostDurations: 2_000_000,
  /** Machines whose leads lie in one step of this are alike, ms. Not tuned: less than most suites take. */
  leadStepMs: 50,
} as const;

/** Slot pools with how the planner sees them: as few pools as tell apart what matters to it. */
export interface PlannedPools {
  readonly machines: readonly PlanMachine[];
  readonly pools: readonly PlannedPool[];
  /** Whether a machine of the instance stands for several. */
  readonly areMerged: boolean;
}

/** One pool of the instance. */
interface PlannedPool {
  /** Index into the machines. */
  readonly machine: number;
  readonly members: EqualPools;
}

/** Equal slot pools of one machine, so that a suite may take several devices at once, or of machines that are alike. */
type EqualPools = readonly [SlotPool, ...SlotPool[]];

/** All pools of a machine. */
type MachinePools = readonly [EqualPools, ...EqualPools[]];

/**
 * Where there are many machines, those that are alike are one machine of the instance: whichever of them is free first takes
 * the next suite. What each of them can take at once is checked when a suite starts, as always.
 */
export function plannedPoolsOf({ pools, pendingCount }: ClusterView): PlannedPools {
  const single = machinesOf(pools);
  const mostPools = Math.min(tuning.mostPools, tuning.mostDurations / pendingCount);
  let groups: readonly (readonly [MachinePools, ...MachinePools[]])[] = single.map((machine) => [machine]);
  for (const likeness of [factsOf, kindsOf]) {
    if (groups.reduce((sum, [first]) => sum + first.length, 0) <= mostPools) break;
    groups = grouped(single, likeness);
  }
  return {
    machines: groups.map(mergedMachine),
    pools: groups.flatMap((alike, machine) => mergedPools(alike).map((members) => ({ machine, members }))),
    areMerged: groups.length < single.length,
  };
}

function machinesOf(pools: readonly SlotPool[]): readonly MachinePools[] {
  const byMachine = grouped(pools, ({ anySlot }) => anySlot.machine.name);
  return byMachine.map((own) => {
    const [first, ...others] = grouped(own, ({ deviceKind, device, slotCount }) =>
      JSON.stringify([deviceKind, device.memoryBytes, device.backends, slotCount]),
    );
    return [first ?? own, ...others];
  });
}

/** Equal for machines on which the same suites run equally long, as many at once. */
function factsOf(machine: MachinePools): string {
  const [[{ anySlot, load }]] = machine;
  const { machineWorkers, machineCpuThreads } = anySlot;
  return JSON.stringify([
    machineWorkers,
    machineCpuThreads,
    // Machines of one model differ by a few pages.
    roundedUpToEighth(anySlot.machine.memoryBudgetBytes),
    Math.ceil(load.leadMs / tuning.leadStepMs),
    machine.map(([{ deviceKind, slotCount, eligibleGroups }, ...others]) => [
      deviceKind,
      slotCount,
      others.length,
      // A device that was set aside runs no suites, and one on which a suite was lost not that one.
      eligibleGroups.size,
    ]),
  ]);
}

/** Equal for machines on which the same suites run equally long. */
function kindsOf(machine: MachinePools): string {
  return JSON.stringify(machine.map(([{ deviceKind, eligibleGroups }]) => [deviceKind, eligibleGroups.size]));
}

function mergedMachine(alike: readonly [MachinePools, ...MachinePools[]]): PlanMachine {
  const machines = alike.map(([[{ anySlot }]]) => planMachineOf(anySlot));
  const sumOf = (field: 'workers' | 'cpuThreads' | 'memoryBytes') =>
    machines.reduce((sum, machine) => sum + machine[field], 0);
  return {
    name: machines[0]?.name ?? '',
    workers: sumOf('workers'),
    cpuThreads: sumOf('cpuThreads'),
    memoryBytes: sumOf('memoryBytes'),
  };
}

/** Pools of machines that are alike come in the same order. */
function mergedPools([first, ...others]: readonly [MachinePools, ...MachinePools[]]): readonly EqualPools[] {
  return first.map((members, index) => [...members, ...others.flatMap((machine) => machine[index] ?? [])]);
}

function grouped<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
): readonly (readonly [Item, ...Item[]])[] {
  const groups = new Map<string, [Item, ...Item[]]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}
