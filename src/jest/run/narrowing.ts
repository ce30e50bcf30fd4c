import type { Config } from '@jest/types';
import { session } from '../session.js';

/** What makes Jest find less than all suites, in the words of its command line. */
const suiteNarrowings: Readonly<Record<string, (config: Config.GlobalConfig) => unknown>> = {
  // An IDE that runs one file names it, too.
  paths: (config) =>
    config.testPathPatterns.isSet() || config.nonFlagArgs.length > 0 || config.runTestsByPath,
  '--onlyChanged': ({ onlyChanged }) => onlyChanged,
  '--onlyFailures': ({ onlyFailures }) => onlyFailures,
  '--findRelatedTests': ({ findRelatedTests }) => findRelatedTests,
  '--filter': ({ filter }) => filter != null,
  // The config shows it in no other way.
  '--selectProjects': ({ projects }) =>
    session.contexts !== undefined && session.contexts.length < projects.length,
};

/** What left suites or tests out of the run; empty: nothing did. */
export function narrowings(config: Config.GlobalConfig): readonly string[] {
  return [...(config.testNamePattern ? ['-t'] : []), ...suiteNarrowingsOf(config)];
}

/** True when Jest was told to find less than all suites; `-t` leaves out tests, not suites. */
export function asksForSomeSuites(config: Config.GlobalConfig): boolean {
  return suiteNarrowingsOf(config).length > 0;
}

function suiteNarrowingsOf(config: Config.GlobalConfig): readonly string[] {
  return Object.keys(suiteNarrowings).filter((name) => suiteNarrowings[name]?.(config));
}
