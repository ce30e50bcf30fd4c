import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from '@jest/types';
import { jestPackages } from '../interop.js';
import { say } from '../session.js';

/** Whether Jest would fail a shard that has no suite, which it does not in watch mode or when it only lists tests. */
export function failsWithoutTests(config: Config.GlobalConfig): boolean {
  const { passWithNoTests, lastCommit, onlyChanged, listTests, collectTests, watch, watchAll } = config;
  return !(passWithNoTests || lastCommit || onlyChanged || listTests || collectTests || watch || watchAll);
}

/**
 * Ends Jest as `--passWithNoTests` would, since other shards have the suites. Only Jest's frozen config decides whether
 * "No tests found" is an error, so this ends the process in the way that Jest does.
 */
export async function endEmptyShard({ json, outputFile }: Config.GlobalConfig): Promise<never> {
  say('No tests found for this shard, exiting with code 0: other shards have them.');
  if (json) {
    const results = { ...jestPackages.makeEmptyAggregatedTestResult(), startTime: Date.now(), success: true };
    const text = JSON.stringify(jestPackages.formatTestResults(results));
    if (outputFile) writeFileSync(resolve(process.cwd(), outputFile), text);
    else process.stdout.write(text);
  }
  // Writes to a pipe may not have been flushed yet.
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise((written) => stream.write('', written));
  }
  return process.exit();
}
