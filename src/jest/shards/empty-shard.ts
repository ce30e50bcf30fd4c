import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from '@jest/types';
import { jestPackages } from '../interop.js';
import { say } from '../session.js';

/** Whether Jest would fail a shard for having no suite. In watch mode, and where it lists, it does not. */
export function failsWithoutTests(config: Config.GlobalConfig): boolean {
  const { passWithNoTests, lastCommit, onlyChanged, listTests, collectTests, watch, watchAll } = config;
  return !(passWithNoTests || lastCommit || onlyChanged || listTests || collectTests || watch || watchAll);
}

/**
 * Ends Jest as `--passWithNoTests` would: other shards run what there is to run. Jest asks nobody but its frozen config
 * whether "No tests found" is an error, and then ends the process in the same way.
 */
export async function endEmptyShard({ json, outputFile }: Config.GlobalConfig): Promise<never> {
  say('No tests found for this shard, exiting with code 0: other shards have them.');
  if (json) {
    const results = { ...jestPackages.makeEmptyAggregatedTestResult(), startTime: Date.now(), success: true };
    const text = JSON.stringify(jestPackages.formatTestResults(results));
    if (outputFile) writeFileSync(resolve(process.cwd(), outputFile), text);
    else process.stdout.write(text);
  }
  // What was written to a pipe may still be on its way.
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise((written) => stream.write('', written));
  }
  return process.exit();
}
