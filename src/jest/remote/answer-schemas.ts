/**
 * What Jest on another machine may say. Where Jest itself takes more than it needs, so do we: a test runner of the user's own
 * may leave out or add fields. What Jest, its reporters or we read without looking must be what it should be, as the run ends
 * where one of them throws.
 */
import * as v from 'valibot';
import { isObject } from '../../json/plain.js';
import { eventSchemas } from '../../record/schema.js';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const finite = v.pipe(v.number(), v.finite());
const texts = v.array(v.string());

const assertion = v.looseObject({
  ancestorTitles: texts,
  title: v.string(),
  fullName: v.string(),
  status: v.string(),
  duration: v.nullish(finite),
  failureMessages: v.nullish(texts),
  failureDetails: v.nullish(v.array(v.unknown())),
  location: v.nullish(v.looseObject({ line: finite, column: finite })),
});

/** By name of the event: the path of the test file, and the test. */
export const caseEvents = {
  'test-case-start': v.strictTuple([
    v.string(),
    v.looseObject({ ancestorTitles: texts, title: v.string(), fullName: v.string() }),
  ]),
  'test-case-result': v.strictTuple([v.string(), assertion]),
};

const counted = v.record(v.string(), v.unknown());
/** As istanbul keeps it for one file. */
const fileCoverage = v.looseObject({
  path: v.string(),
  statementMap: counted,
  fnMap: counted,
  branchMap: counted,
  s: counted,
  f: counted,
  b: counted,
});

const range = v.looseObject({ startOffset: finite, endOffset: finite, count: finite });
const scriptCoverage = v.looseObject({
  result: v.looseObject({
    url: v.string(),
    functions: v.array(
      v.looseObject({ functionName: v.string(), ranges: v.pipe(v.array(range), v.minLength(1)) }),
    ),
  }),
  codeTransformResult: v.nullish(
    v.looseObject({ code: v.string(), originalCode: v.string(), sourceMapPath: v.nullish(v.string()) }),
  ),
});

const testResult = v.looseObject({
  testFilePath: v.string(),
  testResults: v.array(assertion),
  numFailingTests: count,
  numPassingTests: count,
  numPendingTests: count,
  numTodoTests: v.nullish(count),
  perfStats: v.looseObject({ start: finite, end: finite, runtime: v.nullish(finite) }),
  snapshot: v.looseObject({
    added: count,
    matched: count,
    unchecked: count,
    unmatched: count,
    updated: count,
    fileDeleted: v.nullish(v.boolean()),
    uncheckedKeys: v.nullish(texts),
  }),
  openHandles: v.nullish(v.array(v.unknown())),
  failureMessage: v.nullish(v.string()),
  testExecError: v.nullish(v.looseObject({})),
  console: v.nullish(v.array(v.looseObject({ message: v.string(), origin: v.string(), type: v.string() }))),
  coverage: v.nullish(v.record(v.string(), fileCoverage)),
  v8Coverage: v.nullish(v.array(scriptCoverage)),
  memoryUsage: v.nullish(finite),
});

const succeeded = v.object({ testResult });
const failed = v.object({ error: v.looseObject({ message: v.string(), stack: v.nullish(v.string()) }) });
// A union would say of neither what is wrong with it.
const result = v.lazy((each): typeof succeeded | typeof failed =>
  isObject(each) && 'error' in each ? failed : succeeded,
);

/** As the record keeps it, but for what is known here. Nothing else is taken over: it could stand for something that is. */
const { entries: recorded } = v.omit(eventSchemas['suite-ended'], [
  'atMs',
  'suiteId',
  'slotId',
  'attempt',
  'degraded',
  'notStarted',
]);
const outcome = v.pipe(
  v.object({
    ...recorded,
    result: v.exactOptional(result),
    blame: v.exactOptional(v.picklist(['suite', 'memory', 'outside', 'unknown'])),
    lastWords: v.exactOptional(v.string()),
  }),
  v.check(
    ({ status, result }) => result !== undefined || ['timed-out', 'lost', 'cancelled'].includes(status),
    'a result, as it has ended by itself',
  ),
);

/** One for each file that a suite's snapshots may change, and no list without end. */
const mostFiles = 16;

export const servedOutcome = v.object({
  outcome,
  sourceMaps: v.record(v.string(), v.looseObject({})),
  files: v.pipe(
    v.array(
      v.object({
        path: v.string(),
        before: v.nullable(v.string()),
        content: v.exactOptional(v.string()),
      }),
    ),
    v.maxLength(mostFiles),
  ),
});

/** Their differences to the ones here are told by key. */
const mostConfigKeys = 1000;
const config = v.pipe(
  v.looseObject({}),
  v.check((keys) => Object.keys(keys).length <= mostConfigKeys, 'a Jest config'),
);
export const servedProjects = v.object({ configs: v.array(config) });
