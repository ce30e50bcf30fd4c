import { isDeepStrictEqual } from 'node:util';
import type { Config } from '@jest/types';
import { projectFlagNames } from './run-flags.js';

/**
 * In what the config of Jest on another machine differs from the one here, as ends of sentences about that machine.
 * @param there Of all projects, with their paths moved to where they are here.
 */
export function configDifferences(
  here: readonly Config.ProjectConfig[],
  there: readonly Config.ProjectConfig[],
): readonly string[] {
  if (here.length !== there.length) {
    return [
      `Jest there finds ${there.length} project${there.length === 1 ? '' : 's'}, and ${here.length} here`,
    ];
  }
  return here.flatMap((config, index) => {
    const keys = differentKeys(config, there[index]);
    const project = here.length === 1 ? '' : ` of project ${config.displayName?.name ?? index + 1}`;
    return keys.length === 0 ? [] : [`its Jest config${project} has another ${keys.join(', ')}`];
  });
}

/** What names a machine, or is decided here: reports, and which suites run. */
const ownNames = [
  ...['id', 'cacheDirectory', 'cwd', 'runner', 'runnerOptions', 'coverageDirectory', 'filter', 'skipFilter'],
  ...['detectOpenHandles', 'openHandlesTimeout', 'watchPathIgnorePatterns'],
];
const unlike: ReadonlySet<string> = new Set([...ownNames, ...projectFlagNames]);

function differentKeys(
  here: Config.ProjectConfig | undefined,
  there: Config.ProjectConfig | undefined,
): readonly string[] {
  const [first, second] = [comparable(here), comparable(there)];
  const keys = new Set([...Object.keys(first), ...Object.keys(second)]);
  return [...keys].filter((key) => !unlike.has(key) && !isDeepStrictEqual(first[key], second[key])).sort();
}

/** As JSON, in which a config with functions and patterns is the same on both sides, and packages by their names. */
function comparable(config: Config.ProjectConfig | undefined): Readonly<Record<string, unknown>> {
  return JSON.parse(JSON.stringify(config ?? {}), (_key, value: unknown) =>
    typeof value === 'string' ? value.replace(/^.*[\\/]node_modules[\\/](?=[\w@])/, '') : value,
  );
}
