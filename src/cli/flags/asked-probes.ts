import { aliases, backends } from '../../core/vocabulary/taxonomy.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { splitList, wordOf } from '../../core/workload/values.js';
import { type LazyProbeName, lazyProbeNames, lazyProbesFor } from '../../detect/lazy-probes.js';
import type { FlagValues } from '../command.js';

/** The flag `--backends` of commands that detect. */
export const backendsFlag = {
  summary: 'also test these backends, by comma (pytorch,jax); a run tests those that its suites ask for',
  value: 'LIST',
};

/**
 * The slow probes that `--browsers` and `--backends` ask for. Without these flags none of them runs.
 * @throws {UsageError} for a word that is not a backend.
 */
export function askedProbes(flags: FlagValues): readonly LazyProbeName[] {
  const read = wordOf(backends, aliases.backends);
  const given = flags.get('backends');
  const asked = (given === undefined ? [] : splitList(given)).map((text) => {
    const reading = read(text);
    if (reading.ok) return reading.value;
    throw new UsageError({
      message: `\`--backends\` cannot be \`${text}\``,
      expected: `a comma-separated list of ${backends.join(', ')}`,
      found: text,
      ...(reading.remedy !== undefined && { remedy: reading.remedy }),
    });
  });
  const needed = lazyProbesFor([{ backends: asked, features: [] }]);
  return [...new Set([...(flags.has('browsers') ? lazyProbeNames : []), ...needed])];
}
