import { availableParallelism } from 'node:os';
import type { Test } from '@jest/test-result';
import type { Config } from '@jest/types';
import type { WorkloadProfile } from '../../core/workload/profile.js';

/** How many suites run at once. */
export interface WorkerLimit {
  /** An integer ≥ 1. */
  readonly count: number;
  /** The user gave the number. */
  readonly asked: boolean;
}

/**
 * Jest's number, capped by the real CPU budget unless the user asked for a number. Jest counts the processors of the host,
 * most of which a container with a quota may not use.
 */
export function workerLimitOf(
  { maxWorkers, watch, watchAll }: Config.GlobalConfig,
  cpuBudget: number,
  argv: readonly string[] = process.argv,
): WorkerLimit {
  const processors = availableParallelism();
  const jestDefault = Math.max(watch || watchAll ? Math.floor(processors / 2) : processors - 1, 1);
  const asked = maxWorkers !== jestDefault || argv.some((word) => /^(-w|--max-?workers)/i.test(word));
  return {
    count: asked ? maxWorkers : Math.max(1, Math.min(maxWorkers, Math.floor(cpuBudget))),
    asked,
  };
}

/** CPU threads that each worker can keep busy when all of them run, an integer ≥ 1. */
export function fairThreadsOf(cpuBudget: number, { count }: WorkerLimit): number {
  return Math.max(1, Math.floor(cpuBudget / count));
}

/** Whether the user asked for suites in Jest's process; Jest itself only advises it. */
export function wantsInBand(
  { runInBand, detectOpenHandles, maxWorkers }: Config.GlobalConfig,
  { asked }: WorkerLimit,
): boolean {
  return runInBand || detectOpenHandles || (asked && maxWorkers <= 1);
}

/** Jest's thresholds: a few suites this fast run in its process, because starting workers takes longer. */
const slowSuiteMs = 1000;
const mostInBand = 20;

/**
 * Whether plain suites may run in Jest's process. Unlike Jest, one worker that the user did not ask for is a process of
 * its own: in Jest's process, a suite that exits or crashes would end the whole run.
 */
export function mayRunInBand(
  globalConfig: Config.GlobalConfig,
  workers: WorkerLimit,
  tests: readonly Test[],
): boolean {
  if (wantsInBand(globalConfig, workers)) return true;
  const durations = tests.flatMap(({ duration }) => duration ?? []);
  const isFast = durations.length > 0 && durations.every((each) => each < slowSuiteMs);
  return tests.length <= 1 || (tests.length <= mostInBand && isFast);
}

/** True for a suite that needs no device other than the CPU and no limit, so that stock Jest could run it. */
export function asksForNothing({ hardware, maxTimeMs, cpuThreads }: WorkloadProfile): boolean {
  return (
    hardware.every((need) => need.class === 'cpu') && maxTimeMs === undefined && cpuThreads === undefined
  );
}
