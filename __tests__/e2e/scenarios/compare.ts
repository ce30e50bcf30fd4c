import { isDeepStrictEqual } from 'node:util';
import type { Observation, Reached, Scenario } from './scenario.js';

/** Where two sides differ, `<step>.<path>: <first> <> <second>`, without what is meant to differ. */
export function differences(
  { steps, intended }: Scenario,
  first: readonly Observation[],
  second: readonly Observation[],
): readonly string[] {
  const found = steps.flatMap((step, index) =>
    difference(`${index + 1} jest ${step.args.join(' ')} |`, first[index], second[index]),
  );
  const meant = intended?.paths ?? [];
  return found.filter((line) => !meant.some((path) => new RegExp(`\\| \\.${path}`).test(line)));
}

/** What the stock side lacks of what the rows say that they are about: an empty list where all is reached. */
export function missed({ steps }: Scenario, stock: readonly Observation[]): readonly string[] {
  return steps.flatMap(({ reaches }, index) => {
    const seen = stock[index];
    if (reaches === undefined) return [];
    if (seen === undefined) return [`step ${index + 1} did not run`];
    return missedIn(reaches, seen).map((text) => `step ${index + 1}: ${text}`);
  });
}

function missedIn(
  { exitCode, results = {}, stdout, stderr, files = [], workers = {} }: Reached,
  seen: Observation,
): readonly string[] {
  const missing: string[] = [];
  if (exitCode !== undefined && seen.exitCode !== exitCode) missing.push(`exit code ${seen.exitCode}`);
  for (const [key, value] of Object.entries(results)) {
    const actual = (seen['results'] ?? seen['json'])?.[key];
    if (!isDeepStrictEqual(actual, value)) missing.push(`${key} is ${JSON.stringify(actual)}`);
  }
  for (const [stream, text] of Object.entries({ stdout, stderr })) {
    if (text !== undefined && !seen[stream].join('\n').includes(text)) missing.push(`${stream}: no ${text}`);
  }
  for (const file of files) if (!(file in seen['files'])) missing.push(`no file ${file}`);
  for (const [key, value] of Object.entries(workers)) {
    if (!isDeepStrictEqual(seen['workers']?.[key], value)) {
      missing.push(`${key} of workers is ${JSON.stringify(seen['workers']?.[key])}`);
    }
  }
  return missing;
}

function difference(path: string, first: unknown, second: unknown): readonly string[] {
  if (isDeepStrictEqual(first, second)) return [];
  if (isLines(first) && isLines(second)) return differentLines(path, first, second);
  if (isContainer(first) && isContainer(second) && Array.isArray(first) === Array.isArray(second)) {
    const keys = [...new Set([...Object.keys(first), ...Object.keys(second)])];
    return keys.flatMap((key) =>
      difference(`${path} .${key}`.replace(/(\| .*) \./, '$1.'), first[key], second[key]),
    );
  }
  return [`${path}: ${shown(first)} <> ${shown(second)}`];
}

/** Lines are sets with counts: which are in one only. */
function differentLines(
  path: string,
  first: readonly string[],
  second: readonly string[],
): readonly string[] {
  const only = (lines: readonly string[], others: readonly string[]) => {
    const rest = [...others];
    return lines.filter((line) => {
      const at = rest.indexOf(line);
      if (at >= 0) rest.splice(at, 1);
      return at < 0;
    });
  };
  const lines = [
    ...only(first, second).map((line) => `${path}: ${shown(line)} <> nothing`),
    ...only(second, first).map((line) => `${path}: nothing <> ${shown(line)}`),
  ];
  return lines.length > 0 ? lines : [`${path}: order ${shown(first)} <> ${shown(second)}`];
}

function isLines(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string');
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
