import type { TestContext } from '@jest/test-result';
import type { Config } from '@jest/types';
import { jestPackages } from './interop.js';

const known = new WeakMap<Config.ProjectConfig, Config.ProjectConfig>();

/**
 * A project's config as suites get it from stock Jest. Jest hashes the whole config into the key of its transform cache:
 * with our runner and its options in it, every file would be transformed anew when an option changes.
 */
export function stockConfig(config: Config.ProjectConfig): Config.ProjectConfig {
  let stock = known.get(config);
  if (stock === undefined) {
    stock = Object.freeze({ ...config, runner: jestPackages.stockRunnerPath, runnerOptions: {} });
    known.set(config, stock);
  }
  return stock;
}

/**
 * Keeps the options of our runner out of the same hash for what Jest's own process transforms: global set-up and
 * tear-down, and for coverage the files that no suite loads. Jest still finds the options, and hashes only what is
 * enumerable.
 */
export function hideRunnerOptions(contexts: readonly TestContext[]): void {
  for (const context of contexts) {
    const { runnerOptions, ...config } = context.config;
    context.config = Object.freeze(
      Object.defineProperty(config, 'runnerOptions', { value: runnerOptions }),
    ) as Config.ProjectConfig;
  }
}
