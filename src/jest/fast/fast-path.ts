/**
 * Runs the suites of a process at less cost than Jest does. Jest begins anew for every suite: it reads and compiles all
 * modules again, its own among them, and leaves an AsyncLocalStorage behind that slows down all later suites. What one
 * suite has read and compiled serves the next ones here. Tried with Jest 30.4.1 and 30.5.2; where a later Jest works
 * otherwise, nothing of this is called.
 */
import inspector from 'node:inspector';
import type { Config } from '@jest/types';
import { jestPackages } from '../interop.js';
import { interceptCompilation } from './compilation.js';
import { collectDeadContexts } from './dead-contexts.js';
import { shareByRuntime } from './sharing-runtime.js';

/**
 * Makes the suites that run until the returned function is called use what earlier suites of this process have read and
 * compiled. Afterwards nothing of Jest or Node is changed any more.
 */
export function startFastPath(globalConfig: Config.GlobalConfig, config: Config.ProjectConfig): () => void {
  // A runtime of somebody else's is left alone. What is shared may keep an environment a little longer than stock Jest does.
  if (config.runtime !== undefined || config.detectLeaks) return () => {};
  collectDeadContexts();
  const ends = [
    shareByRuntime(jestPackages.runtimeModule),
    interceptCompilation(sharingObstacle(globalConfig) === undefined),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** What a verbose report says of it. */
export function fastPathText(globalConfig: Config.GlobalConfig, fast: boolean): string {
  if (!fast) return 'off, by the option fast';
  if (globalConfig.detectLeaks) return 'off, as leaks are looked for';
  const obstacle = sharingObstacle(globalConfig);
  return obstacle === undefined
    ? 'on: suites share what was read and compiled'
    : `on: suites share what was read, but modules are compiled for each, as ${obstacle}`;
}

/** What keeps compiled modules from being shared, as a clause; undefined: nothing. */
function sharingObstacle({ collectCoverage, coverageProvider }: Config.GlobalConfig): string | undefined {
  // The text around a shared module would shift what V8 counts.
  if (collectCoverage && coverageProvider === 'v8') return 'V8 counts coverage by position';
  if (process.env['NODE_V8_COVERAGE']) return 'NODE_V8_COVERAGE is set';
  if (inspector.url() !== undefined) return 'a debugger may be attached';
  return undefined;
}
