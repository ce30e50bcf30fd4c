import { acceleratorsOf, type Machine, type Slot, slotsOf } from '../../core/machine/machine.js';
import { areaBoundMs } from '../../core/planner/area-bound.js';
import { type MeasuredSuite, plannedMs } from './measured-suite.js';

/** A number of workers with which the same suites would have been done noticeably sooner. */
export interface MoreWorkers {
  /** What `--maxWorkers` would have to be. */
  readonly workers: number;
  /** Total time of a plan with so many workers, each suite as fast as it was, ms. */
  readonly totalMs: number;
}

const tuning = {
  /** Least saving that is worth a word, as a share and in ms: runs vary by as much. Chosen, not measured. */
  leastShare: 0.1,
  leastMs: 500,
  /** The fewest workers within this factor of the best bound are suggested. On fixtures/records 1 to 1.2 give the same. */
  nearBest: 1.02,
  /** From `shouldRunInBand` of @jest/core 30: it runs so few, so fast suites in its own process, with any -w above 1. */
  mostInBand: 20,
  fastMs: 1000,
} as const;

/**
 * Whether more workers would have made a run noticeably shorter. It does not count on more CPU slots than the machine has
 * CPUs, nor on more suites at once on a device than it has shares.
 * @param boundMs Lower bound of the makespan with the run's own workers.
 * @param cpuMs CPU time of all suites, which more workers do not reduce.
 * @returns Undefined when more workers would save nothing noticeable.
 */
export function moreWorkersFor(
  machine: Machine,
  slots: readonly Slot[],
  suites: readonly MeasuredSuite[],
  boundMs: number,
  cpuMs: number,
): MoreWorkers | undefined {
  if (suites.length <= tuning.mostInBand && suites.every(isFastAndPlain)) return undefined;
  const workers = slots[0]?.machineWorkers ?? 0;
  const cpuSlots = slots.filter(({ device }) => device.class === 'cpu').length;
  const { cpuBudget } = machine.machine;
  const mostOnCpu = Math.max(cpuSlots, Math.floor(cpuBudget));
  const most = mostOnCpu + acceleratorsOf(machine);
  const worthwhileMs = Math.min(boundMs * (1 - tuning.leastShare), boundMs - tuning.leastMs);
  const slotsWith = (count: number) => {
    const onCpu = Math.min(count, mostOnCpu);
    return slotsOf(machine, onCpu, count - onCpu);
  };
  const durations = suites.map(({ durationsMs }) => durationsMs);
  const boundWith = (count: number) => areaBoundMs(durations, slotsWith(count));
  const bestMs = boundWith(most);
  if (workers < 1 || most <= workers || bestMs > worthwhileMs) return undefined;

  const enough = leastWhere(workers + 1, most, (count) => boundWith(count) <= bestMs * tuning.nearBest);
  const totalMs = Math.max(plannedMs(slotsWith(enough), suites), cpuMs / cpuBudget);
  return totalMs > worthwhileMs ? undefined : { workers: enough, totalMs };
}

/** Whether Jest may run the suite in its own process. Suites with a device or a limit of their own never run there. */
function isFastAndPlain({ suite: { profile }, durationsMs }: MeasuredSuite): boolean {
  const { hardware, maxTimeMs, cpuThreads } = profile;
  const isPlain = hardware.every((need) => need.class === 'cpu');
  const isFast = Object.values(durationsMs).every((ms) => ms < tuning.fastMs);
  return isFast && isPlain && maxTimeMs === undefined && cpuThreads === undefined;
}

/** Binary search for the least integer from which on `holds` is true; `to` when there is none below it. */
function leastWhere(from: number, to: number, holds: (value: number) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
