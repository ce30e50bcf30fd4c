import type { Suite } from '../../core/events.js';
import { acceleratorsOf, type Machine, type Slot, slotsOf } from '../../core/machine/machine.js';
import { areaBoundMs, type DurationsMs } from '../../core/planner/area-bound.js';
import { plan } from '../../core/planner/plan.js';
import { planInstanceOf } from '../../core/scheduler/plan-instance.js';

/** A number of workers with which the same suites would have been done noticeably sooner. */
export interface MoreWorkers {
  /** What `--maxWorkers` would have to be. */
  readonly workers: number;
  /** What the run would have taken by a plan, with every suite as fast as it was, ms. */
  readonly totalMs: number;
}

/** A suite that gave a result. */
export interface MeasuredSuite {
  readonly suite: Suite;
  /** By slot type that can run it. */
  readonly durationsMs: DurationsMs;
  /** Host memory that it was given. */
  readonly hostMemoryBytes: number;
}

const tuning = {
  /** Less is not worth a word: shares and ms that a run varies by anyway. */
  leastShare: 0.1,
  leastMs: 500,
  /** So near the best that any number of workers gives, more of them are not asked for. */
  nearBest: 1.02,
  /** Jest's own measure: it runs so few, so fast suites in its own process, whatever the number of workers. */
  mostInBand: 20,
  fastMs: 1000,
} as const;

/**
 * Whether the number of workers is what limited a run: no more CPU slots than the machine has CPUs, and one suite at a time
 * on each share of a device.
 * @param boundMs No schedule with the run's own workers takes less.
 * @param cpuMs CPU time of all suites, which more workers do not make less.
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
  const durationsOf = new Map(suites.map(({ suite, durationsMs }) => [suite.id, durationsMs]));
  const { instance } = planInstanceOf(
    slotsWith(enough),
    suites.map(({ suite, hostMemoryBytes }) => ({
      ...suite,
      profile: { ...suite.profile, hostMemoryBytes },
    })),
    ({ id }, { type }) => durationsOf.get(id)?.[type] ?? Number.POSITIVE_INFINITY,
  );
  const totalMs = Math.max(plan(instance, { moves: 0 }).makespanMs, cpuMs / cpuBudget);
  return totalMs > worthwhileMs ? undefined : { workers: enough, totalMs };
}

/** A suite that asks for a device or a limit runs in a process of its own. */
function isFastAndPlain({ suite: { profile }, durationsMs }: MeasuredSuite): boolean {
  const { hardware, maxTimeMs, cpuThreads } = profile;
  const isPlain = hardware.every((need) => need.class === 'cpu');
  const isFast = Object.values(durationsMs).every((ms) => ms < tuning.fastMs);
  return isFast && isPlain && maxTimeMs === undefined && cpuThreads === undefined;
}

/** The least integer of a range that has what all above it have; its end where none has it before. */
function leastWhere(from: number, to: number, holds: (value: number) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
