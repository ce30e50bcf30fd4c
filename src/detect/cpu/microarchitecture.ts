import type { Feature, Precision } from '../../core/vocabulary/taxonomy.js';
import type { Host } from '../../host/host.js';
import table from './microarchitectures.json' with { type: 'json' };

/** What every CPU of a model surely has, and who says so. */
export interface KnownAbilities {
  readonly features: readonly Feature[];
  readonly precisions: readonly Precision[];
  readonly source: string;
}

/** What a CPU has by its model name, for systems that list no flags. Undefined for a name that is not in the table. */
export function abilitiesByModel(model: string, arch: Host['arch']): KnownAbilities | undefined {
  const name = plainName(model);
  const family = arch === 'ia32' ? 'x64' : arch;
  const row = table.microarchitectures.find(
    ({ arch: rowArch, pattern }) => rowArch === family && new RegExp(pattern, 'i').test(name),
  );
  if (row === undefined) return undefined;
  return {
    features: row.features as Feature[],
    precisions: ('precisions' in row ? row.precisions : []) as Precision[],
    source: `${model} is of the kind ${row.name} (${row.source})`,
  };
}

/**
 * That the cores run two threads each, by the model name: AMD writes the number of cores into it, and of some series every
 * model does. Undefined where the name does not say.
 */
export function threadsByModel(model: string, host: Host): string | undefined {
  const name = plainName(model);
  const cores = Number(/\bRyzen .* (\d+)-Core\b/i.exec(name)?.[1]);
  const threads = host.availableParallelism ?? 0;
  if (cores > 0) return threads > cores ? `${threads} threads on the ${cores} cores of ${model}` : undefined;
  const row = table.threads.find(({ pattern }) => new RegExp(pattern, 'i').test(name));
  return row === undefined ? undefined : `${model} (${row.source})`;
}

/** `Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz` → `Intel Core i7-9750H`. */
function plainName(model: string): string {
  return model
    .replace(/\((R|TM|C)\)|[®™]/gi, ' ')
    .replace(/@.*$/, '')
    .replace(/\bCPU\b/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
