import { nearest } from '../../core/vocabulary/nearest.js';
import type { UsageProblem } from '../../core/vocabulary/usage-error.js';
import { builtInWorkloads } from '../../core/workload/built-in.js';
import { mergeLayers, type ProfileOutcome } from '../../core/workload/merge-layers.js';
import { parseWorkload } from '../../core/workload/parse.js';
import type { ConfiguredProfiles, ProfileLayer } from '../../core/workload/profile.js';
import { globMatcher } from '../glob.js';
import { readDocblock } from './docblock.js';

export interface ProfileRequest {
  /** Text of the test file. */
  readonly source: string;
  /** The file as the user knows it, for messages. */
  readonly file: string;
  /** Relative to rootDir, `/` separated: what the globs of the options match. */
  readonly suitePath: string;
  readonly options: ConfiguredProfiles & { readonly ignorePragmas?: readonly string[] };
}

/**
 * What a suite needs and likes. Field by field, the docblock counts before the most specific glob of the options that
 * matches (one glob, the others say nothing), that before the named workload, that before the defaults.
 * The workload's name comes from the docblock, else from that glob, else it is `general`.
 * @returns The profile, or every problem of the file, by line.
 */
export function profileOf({ source, file, suitePath, options }: ProfileRequest): ProfileOutcome {
  const docblock = readDocblock(source, file, options.ignorePragmas);
  const own = parseWorkload(docblock.pragmas, { kind: 'docblock', file });
  const problems = [...docblock.problems, ...own.problems];
  const configured = mostSpecific(suitePath, options.profiles);
  const said = [own.layer, ...(configured === undefined ? [] : [configured])];
  const named = namedWorkload(said, options.workloads);
  if ('problem' in named) problems.push(named.problem);
  if (problems.length > 0 || 'problem' in named) return { problems: problems.toSorted(byLine) };
  return mergeLayers([...said, named.layer]);
}

/**
 * The layer whose glob matches and has the most literal characters, counting neither wildcards nor what stands in
 * brackets, braces or parentheses; of equals the later one. Globs mean what they mean in Jest's `testMatch`.
 */
function mostSpecific(suitePath: string, profiles: ConfiguredProfiles['profiles']): ProfileLayer | undefined {
  let best: { readonly layer: ProfileLayer; readonly literals: number } | undefined;
  for (const { glob, layer } of profiles) {
    const literals = glob.replace(/\\(.)|\{[^}]*\}|\([^)]*\)|\[[^\]]*\]|[*?!+@]/g, '$1').length;
    if (literals >= (best?.literals ?? 0) && globMatcher(glob)?.(suitePath)) best = { layer, literals };
  }
  return best?.layer;
}

/** The workload that the first of the layers to name one means; `general` when none does. */
function namedWorkload(
  layers: readonly ProfileLayer[],
  configured: ConfiguredProfiles['workloads'],
): { readonly layer: ProfileLayer } | { readonly problem: UsageProblem } {
  const naming = layers.find(({ part }) => part.workload !== undefined);
  const name = naming?.part.workload ?? 'general';
  const layer = [configured, builtInWorkloads].find((known) => Object.hasOwn(known, name))?.[name];
  if (layer !== undefined) return { layer };
  const names = [...new Set([...Object.keys(builtInWorkloads), ...Object.keys(configured)])];
  const origin = naming?.origins.workload;
  const near = nearest(name, names);
  return {
    problem: {
      ...(origin?.file === undefined ? {} : { file: origin.file }),
      ...(origin?.line === undefined ? {} : { line: origin.line }),
      message: `there is no workload \`${name}\`: ${origin?.text ?? name}`,
      expected: `one of ${names.join(', ')}`,
      found: name,
      remedy: `${near === undefined ? '' : `write \`${near}\`, or `}add \`${name}\` to the option \`workloads\``,
    },
  };
}

function byLine(first: UsageProblem, second: UsageProblem): number {
  return (first.line ?? 0) - (second.line ?? 0);
}
