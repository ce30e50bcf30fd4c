import { createRequire } from 'node:module';
import { limits } from '../core/vocabulary/limits.js';
import { linearMatcher } from '../core/vocabulary/linear-matcher.js';

type Picomatch = { makeRe(glob: string, options: { readonly dot: boolean }): RegExp };

const require = createRequire(import.meta.url);
let picomatch: Picomatch | undefined;

const compiled = new Map<string, ((path: string) => boolean) | undefined>();

/**
 * Globs mean what they mean in Jest's `testMatch`, but no glob takes exponential time.
 * @returns Undefined for a glob that nobody can match in reasonable time.
 */
export function globMatcher(glob: string): ((path: string) => boolean) | undefined {
  if (glob.length > limits.globLength) return undefined;
  if (!compiled.has(glob)) {
    picomatch ??= jestPicomatch();
    const matches = linearMatcher(picomatch.makeRe(glob, { dot: true }).source);
    compiled.set(glob, matches && ((path) => path !== '' && (path === glob || matches(path))));
  }
  return compiled.get(glob);
}

/** The picomatch that Jest uses for `testMatch`, wherever the package manager put it. */
function jestPicomatch(): Picomatch {
  return createRequire(require.resolve('jest-util'))('picomatch') as Picomatch;
}
