import { limits } from '../core/vocabulary/limits.js';
import { nearest } from '../core/vocabulary/nearest.js';
import type { UsageProblem } from '../core/vocabulary/usage-error.js';
import { builtInWorkloads } from '../core/workload/built-in.js';
import { mergeLayers } from '../core/workload/merge-layers.js';
import { type Pragma, parseWorkload } from '../core/workload/parse.js';
import { optionKey, type PragmaDefinition, pragmaNames, pragmas } from '../core/workload/pragmas.js';
import type { ConfiguredProfiles, ProfileLayer } from '../core/workload/profile.js';
import { isObject } from '../json/plain.js';
import { globMatcher } from './glob.js';

interface Parsed {
  readonly layer: ProfileLayer;
  readonly problems: readonly UsageProblem[];
}

/**
 * Reads the options `workloads` and `profiles` by the same table as docblocks.
 * @param options All options, as yet unchecked: what is no object has no profiles.
 */
export function configuredProfiles(
  options: unknown,
  where: string,
): { readonly layers: ConfiguredProfiles; readonly problems: readonly UsageProblem[] } {
  const workloads = entriesOf(options, 'workloads').map(([name, input]) => {
    const path = `${where}: workloads[${JSON.stringify(name)}]`;
    return { name, ...withoutWorkload(parseProfile(input, path), path) };
  });
  const names = [...new Set([...Object.keys(builtInWorkloads), ...workloads.map(({ name }) => name)])];
  const profiles = entriesOf(options, 'profiles').map(([glob, input]) => {
    const path = `${where}: profiles[${JSON.stringify(glob)}]`;
    const { layer, problems } = withKnownWorkload(parseProfile(input, path), path, names);
    const empty = {
      message: `${path}: an empty glob matches nothing`,
      expected: 'a glob such as `**/*.gpu.test.ts`',
    };
    const hard = {
      message: `${path}: this glob cannot be matched in reasonable time`,
      expected: `at most ${limits.globLength} characters: \`*\`, \`**\`, \`?\`, \`[…]\`, \`{a,b}\`, \`+(a|b)\` …`,
      remedy: 'write a simpler glob, or several',
    };
    if (glob === '') return { glob, layer, problems: [...problems, empty] };
    return { glob, layer, problems: globMatcher(glob) === undefined ? [...problems, hard] : problems };
  });
  return {
    layers: {
      workloads: Object.fromEntries(workloads.map(({ name, layer }) => [name, layer])),
      profiles: profiles.map(({ glob, layer }) => ({ glob, layer })),
    },
    problems: [...workloads, ...profiles].flatMap(({ problems }) => problems),
  };
}

function entriesOf(options: unknown, key: 'workloads' | 'profiles'): readonly (readonly [string, unknown])[] {
  const given = isObject(options) ? options[key] : undefined;
  return isObject(given) ? Object.entries(given) : [];
}

function withoutWorkload({ layer, problems }: Parsed, path: string): Parsed {
  if (layer.part.workload === undefined) return { layer, problems };
  const message = `${path}.workload: a named workload cannot start from another one`;
  const remedy = 'remove `workload` and write what it should hold';
  return { layer, problems: [...problems, { message, remedy }] };
}

function withKnownWorkload({ layer, problems }: Parsed, path: string, names: readonly string[]): Parsed {
  const name = layer.part.workload ?? 'general';
  if (names.includes(name)) return { layer, problems };
  const near = nearest(name, names);
  const problem = {
    message: `${path}.workload: there is no workload \`${name}\``,
    expected: `one of ${names.join(', ')}`,
    found: name,
    remedy: near === undefined ? `add \`${name}\` to the option \`workloads\`` : `write \`${near}\``,
  };
  return { layer, problems: [...problems, problem] };
}

function parseProfile(input: unknown, path: string): Parsed {
  if (!isObject(input)) {
    const found = JSON.stringify(input);
    const problem = { message: `${path} cannot be ${found}`, expected: 'an object', found };
    return { layer: { part: {}, origins: {} }, problems: [problem] };
  }
  const written: Pragma[] = [];
  const problems: UsageProblem[] = [];
  for (const [key, value] of Object.entries(input)) {
    const name = pragmaNames.find((known) => optionKey(known) === key);
    const text = name === undefined ? undefined : textOf(value, pragmas[name]);
    if (name === undefined) {
      problems.push(unknownKey(key, path));
    } else if (text === undefined) {
      const found = JSON.stringify(value);
      const expected = pragmas[name].kind === 'flag' ? 'true or false' : pragmas[name].expected;
      problems.push({ message: `${path}.${key} cannot be ${found}`, expected, found });
    } else {
      written.push({ name, value: text });
    }
  }
  const { layer, problems: unread } = parseWorkload(written, { kind: 'options', path });
  const merged = mergeLayers([layer]);
  return { layer, problems: [...problems, ...unread, ...(merged.problems ?? [])] };
}

/** The value as a docblock would write it; undefined when its type is not one of the pragma's. */
function textOf(value: unknown, { kind }: PragmaDefinition): string | undefined {
  if (kind === 'flag') return typeof value === 'boolean' ? String(value) : undefined;
  const items: readonly unknown[] = kind === 'list' && Array.isArray(value) ? value : [value];
  return items.every((item) => typeof item === 'string' || typeof item === 'number')
    ? items.join(',')
    : undefined;
}

function unknownKey(key: string, path: string): UsageProblem {
  const keys = pragmaNames.map(optionKey);
  const near = nearest(key, keys);
  return {
    message: `${path}: there is no \`${key}\``,
    expected: keys.join(', '),
    found: key,
    remedy: near === undefined ? 'remove it' : `write \`${near}\``,
  };
}
