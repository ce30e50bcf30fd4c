import { availableParallelism } from 'node:os';
import type { Test } from '@jest/test-result';
import type { Config } from '@jest/types';

/** How many suites run at once. */
export interface Workers {
  /** An integer ≥ 1. */
  readonly count: number;
  /** The user gave the number. */
  readonly asked: boolean;
}

/**
 * What Jest says, but no more than the real CPU budget unless the user asked for a number. Jest counts the processors of
 * the host; in a container with a quota most of them are not ours.
 */
export function workersOf(
  { maxWorkers, watch, watchAll }: Config.GlobalConfig,
  cpuBudget: number,
  argv: readonly string[] = process.argv,
): Workers {
  const processors = availableParallelism();
  const jestDefault = Math.max(watch || watchAll ? Math.floor(processors / 2) : processors - 1, 1);
  const asked = maxWorkers !== jestDefault || argv.some((word) => /^(-w|--max-?workers)/i.test(word));
  return {
    count: asked ? maxWorkers : Math.max(1, Math.min(maxWorkers, Math.floor(cpuBudget))),
    asked,
  };
}

/** Jest's own measure of a suite for which starting a worker does not pay. */
const slowSuiteMs = 1000;
const mostInBand = 20;

/**
 * Whether plain suites run in Jest's process. Jest does so for one worker too, and then a suite that ends its process
 * ends the run: where the user did not ask for one worker, a small machine's one worker is a process like any other.
 */
export function runsInBand(
  { runInBand, detectOpenHandles, maxWorkers }: Config.GlobalConfig,
  { asked }: Workers,
  tests: readonly Test[],
): boolean {
  if (runInBand || detectOpenHandles || (asked && maxWorkers <= 1)) return true;
  const durations = tests.flatMap(({ duration }) => duration ?? []);
  const isFast = durations.length > 0 && durations.every((each) => each < slowSuiteMs);
  return tests.length <= 1 || (tests.length <= mostInBand && isFast);
}
