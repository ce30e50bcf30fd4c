/**
 * Files of this package that are found by path. In one place, beside the package's entry, because all built code lies in
 * one file there: a path relative to any other module would be wrong.
 */
import { fileURLToPath } from 'node:url';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export const packageFiles = {
  manifest: file('../package.json'),
  /** What Jest loads is CommonJS: a project's transformer that reaches it leaves it as it is (scripts/build.mjs). */
  runner: file('./index.cjs'),
  sequencer: file('./jest/sequencer.cjs'),
  reporter: file('./jest/reporter.cjs'),
  /** Entry of a worker that runs suites. */
  suiteProcess: file('./jest/suite-process.cjs'),
  /** What runs on other machines, in one file with all that it needs; gzip. */
  workerProgram: file('./worker.cjs.gz'),
} as const;
