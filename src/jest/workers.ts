import { availableParallelism } from 'node:os';
import type { Config } from '@jest/types';

/**
 * How many suites run at once: what Jest says, but no more than the real CPU budget unless the user asked for a number.
 * Jest counts the processors of the host; in a container with a quota most of them are not ours.
 */
export function workersOf(
  { maxWorkers, watch, watchAll }: Config.GlobalConfig,
  cpuBudget: number,
  argv: readonly string[] = process.argv,
): number {
  const processors = availableParallelism();
  const jestDefault = Math.max(watch || watchAll ? Math.floor(processors / 2) : processors - 1, 1);
  const asked = maxWorkers !== jestDefault || argv.some((word) => /^(-w|--max-?workers)/i.test(word));
  return asked ? maxWorkers : Math.max(1, Math.min(maxWorkers, Math.floor(cpuBudget)));
}
