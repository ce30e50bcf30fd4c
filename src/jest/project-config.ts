import type { TestContext } from '@jest/test-result';
import type { Config } from '@jest/types';
import { jestPackages } from './interop.js';

const known = new WeakMap<Config.ProjectConfig, Config.ProjectConfig>();

/**
 * A project's config as suites get it from stock Jest. Jest hashes the whole config into the key of its transform cache, so
 * with our runner and its options in it every file would be transformed again when an option changes.
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
 * Keeps our runner's options out of the same hash for files that Jest's own process transforms: global set-up and
 * teardown, and for coverage the files that no suite loads. The options stay readable but not enumerable, and Jest hashes
 * only enumerable properties.
 */
export function hideRunnerOptions(contexts: readonly TestContext[]): void {
  for (const context of contexts) {
    const { runnerOptions, ...config } = context.config;
    context.config = Object.freeze(
      Object.defineProperty(config, 'runnerOptions', { value: runnerOptions }),
    ) as Config.ProjectConfig;
  }
}
