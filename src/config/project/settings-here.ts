import { UsageError } from '../../core/vocabulary/usage-error.js';
import { findConfig } from './find-config.js';
import { type ProjectSettings, readSettings } from './project.js';

/** The settings of the project around a folder, as far as there is one. */
export interface SettingsHere {
  readonly settings?: ProjectSettings;
  /** Why the config of the project could not be read, for a person. */
  readonly problem?: string;
}

/**
 * The settings by which `npx jest` in this folder would run. Jest is asked only where a config of its own is found, so that
 * a folder without a project costs nothing; a config that cannot be read is told and stops nobody.
 * @param config Jest's config file, which then must be readable and use this package.
 * @throws {UsageError} only for a config that was named.
 */
export function settingsHere(directory: string, config?: string): SettingsHere {
  if (config !== undefined) {
    const settings = readSettings(directory, config);
    if (settings !== undefined) return { settings };
    throw new UsageError({
      message: `${config} does not use jest-runner-hardware`,
      remedy: "wrap it in withHardware() from 'jest-runner-hardware', or leave out `--config`",
    });
  }
  if ((findConfig(directory)?.kind ?? 'none') === 'none') return {};
  try {
    const settings = readSettings(directory);
    return settings === undefined ? {} : { settings };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return {
      problem: `the project's Jest config cannot be read, and its option \`machine\` does not count: ${reasonOf(error)}`,
    };
  }
}

/** One line: of what Jest printed, where the mistake is and what it is, without the stack. */
function reasonOf({ problems: [problem], message }: UsageError): string {
  const lines = (problem?.found ?? '').split('\n').map((line) => line.trim());
  const place = lines.find((line) => /\S:\d+$/.test(line) && !line.startsWith('at '));
  const error = lines.find((line) => /^\w*Error\b/.test(line));
  if (error === undefined) {
    // A mistake in the options says it all by itself; of what Jest says, the first line that is one.
    const first = problem?.expected === undefined ? lines.find((line) => /\w/.test(line)) : undefined;
    return [problem?.message ?? message, first].filter((part) => part !== undefined).join(': ');
  }
  return place === undefined ? error : `${place}: ${error}`;
}
