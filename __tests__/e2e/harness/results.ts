import { stripVTControlCharacters } from 'node:util';
import { inProject, type JestRun, type Json } from './jest.js';

/** Status of each suite as `--json` gives it: passed, failed, skipped, focused. */
export function statuses(run: JestRun): Readonly<Record<string, string>> {
  return Object.fromEntries(
    suitesOf(run).map((suite: Json) => [inProject(run.project, suite.name), suite.status]),
  );
}

/** The failure text of a suite, without colours; empty when it did not fail. */
export function failureOf(run: JestRun, file: string): string {
  const suite = suitesOf(run).find(({ name }: Json) => inProject(run.project, name) === file);
  return stripVTControlCharacters(suite?.message ?? '');
}

function suitesOf(run: JestRun): readonly Json[] {
  if (run.json === undefined) throw new Error(`Jest wrote no results:\n${run.stdout}${run.stderr}`);
  return run.json.testResults;
}
