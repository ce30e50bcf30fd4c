import * as v from 'valibot';
import { UsageError } from '../../core/vocabulary/usage-error.js';

const assertion = v.looseObject({
  ancestorTitles: v.array(v.string()),
  fullName: v.string(),
  status: v.string(),
  title: v.string(),
});

const suite = v.looseObject({
  name: v.string(),
  status: v.picklist(['failed', 'passed', 'skipped', 'focused']),
  /** Empty when nothing failed. */
  message: v.string(),
  /** When Jest wrote the file, for suites that were skipped or could not run. */
  startTime: v.number(),
  endTime: v.number(),
  assertionResults: v.array(assertion),
});

const results = v.looseObject({
  startTime: v.number(),
  wasInterrupted: v.boolean(),
  snapshot: v.looseObject({}),
  testResults: v.array(suite),
});

/** What Jest writes with `--json`, as far as reporters need it. */
export type JestResults = v.InferOutput<typeof results>;
export type JestSuite = v.InferOutput<typeof suite>;

/**
 * @param value The merged results; undefined: there are none.
 * @throws {UsageError} when it is nothing that Jest writes.
 */
export function checkedResults(value: unknown): JestResults {
  const read = v.safeParse(results, value ?? nothing);
  if (read.success) return read.output;
  const [issue] = read.issues;
  throw new UsageError({
    message: "the results of Jest's `--json` are not whole",
    expected: `${v.getDotPath(issue) ?? 'the results'}: ${issue.expected}`,
    found: issue.received,
    remedy: 'merge the files as `jest --json --outputFile=results.json` writes them',
  });
}

const nothing: JestResults = { startTime: 0, wasInterrupted: false, snapshot: {}, testResults: [] };
