import { aliases, backends } from '../core/vocabulary/taxonomy.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { splitList, wordOf } from '../core/workload/values.js';
import { type LazyProbeName, lazyProbeNames, lazyProbesFor } from '../detect/lazy-probes.js';
import type { FlagValues } from './command.js';

/** A flag of commands that detect. */
export const backendsFlag = {
  summary: 'also try these backends, as a run does whose suites ask for them: pytorch,jax',
  value: 'LIST',
};

/**
 * What runs on demand alone and is asked for by `--browsers` and `--backends`.
 * @throws {UsageError} for a word that is no backend.
 */
export function askedProbes(flags: FlagValues): readonly LazyProbeName[] {
  const read = wordOf(backends, aliases.backends);
  const given = flags.get('backends');
  const asked = (given === undefined ? [] : splitList(given)).map((text) => {
    const reading = read(text);
    if (reading.ok) return reading.value;
    throw new UsageError({
      message: `\`--backends\` cannot be \`${text}\``,
      expected: `a list, by comma, of ${backends.join(', ')}`,
      found: text,
      ...(reading.remedy !== undefined && { remedy: reading.remedy }),
    });
  });
  const needed = lazyProbesFor([{ backends: asked, features: [] }]);
  return [...new Set([...(flags.has('browsers') ? lazyProbeNames : []), ...needed])];
}
