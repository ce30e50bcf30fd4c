import * as v from 'valibot';
import { refuseSlots } from '../../core/machine/machine.js';
import { expectationOf } from '../../core/vocabulary/expectation.js';
import { limits } from '../../core/vocabulary/limits.js';
import { nearest } from '../../core/vocabulary/nearest.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { type JsonPath, parseJson, pathText } from '../../json/read.js';
import { type Inconsistency, inconsistencies } from './checks.js';
import { entries, rootEntries, type Scenario, schema } from './schema.js';

/**
 * Reads a scenario.
 * @param file Its name in messages.
 * @throws {UsageError} naming every mistake with its line.
 */
export function parseScenario(text: string, file: string): Scenario {
  const { value, lineOf } = parseJson(text, file);
  const result = v.safeParse(schema, value, { message: expectationOf });
  if (!result.success) {
    throw new UsageError(
      result.issues.slice(0, limits.mistakes).map((issue) => {
        const path = (issue.path ?? []).map((item) => item.key as string | number);
        return { file, line: lineOf(path), ...described(issue, path) };
      }),
    );
  }
  refuseSlots(
    file,
    result.output.slots.reduce((sum, { count: slots }) => sum + slots, 0),
  );
  const mistakes: Inconsistency[] = [];
  for (const mistake of inconsistencies(result.output)) {
    if (mistakes.push(mistake) === limits.mistakes) break;
  }
  if (mistakes.length > 0) {
    throw new UsageError(mistakes.map(({ path, ...problem }) => ({ file, line: lineOf(path), ...problem })));
  }
  return result.output;
}

function described(issue: v.BaseIssue<unknown>, path: JsonPath) {
  const place = path.length === 0 ? 'the scenario' : `\`${pathText(path)}\``;
  if (issue.path?.at(-1)?.origin !== 'key') {
    return { message: `${place} is wrong`, expected: issue.message, found: shortened(issue.input) };
  }
  const keys = Object.keys(path.length === 1 ? rootEntries : entries[path[0] as keyof typeof entries]);
  const key = String(path.at(-1));
  if (keys.includes(key)) return { message: `${place} is missing` };
  const near = nearest(key, keys);
  return {
    message: `${place}: no such key`,
    expected: `one of ${keys.join(', ')}`,
    ...(near !== undefined && { remedy: `write \`${near}\`` }),
  };
}

function shortened(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}
