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
 * What Jest says, but no more than the real CPU budget unless the user asked for a number. Jest counts the processors of
 * the host; in a container with a quota most of them are not ours.
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

/** The user's wish that suites run in Jest's process, as opposed to Jest's advice. */
export function wantsInBand(
  { runInBand, detectOpenHandles, maxWorkers }: Config.GlobalConfig,
  { asked }: WorkerLimit,
): boolean {
  return runInBand || detectOpenHandles || (asked && maxWorkers <= 1);
}

/** Jest's own measure of a suite for which starting a worker does not pay. */
const slowSuiteMs = 1000;
const mostInBand = 20;

/**
 * Whether plain suites may run in Jest's process. Jest does so for one worker too, and then a suite that ends its process
 * ends the run: where the user did not ask for one worker, a small machine's one worker is a process like any other.
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

/** A suite that stock Jest would run as well: it needs no binding and no limit. */
export function asksForNothing({ hardware, maxTimeMs, cpuThreads }: WorkloadProfile): boolean {
  return (
    hardware.every((need) => need.class === 'cpu') && maxTimeMs === undefined && cpuThreads === undefined
  );
}
