/**
 * Files of this package that are found by path. In one place, beside the package's entry, because built code lies in
 * chunks beside it as well: a path relative to any other module would be wrong there.
 */
import { fileURLToPath } from 'node:url';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export const packageFiles = {
  manifest: file('../package.json'),
  /** The runner, for `import` and for `require`. */
  runner: file('./index.js'),
  runnerForRequire: file('./require.cjs'),
  sequencer: file('./jest/sequencer.js'),
  reporter: file('./jest/reporter.js'),
  /** Entry of a worker that runs suites. */
  suiteProcess: file('./jest/suite-process.js'),
} as const;
