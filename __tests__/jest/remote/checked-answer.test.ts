import {
  checkedAnswer,
  checkedCaseEvent,
  checkedProjects,
  statusIn,
} from '../../../src/jest/remote/checked-answer.js';

const path = '/app/a.test.js';
const assertion = {
  ancestorTitles: ['a'],
  title: 'b',
  fullName: 'a b',
  status: 'passed',
  duration: null,
  failureMessages: [],
  failureDetails: [{ some: 'error' }],
  location: null,
  numPassingAsserts: 1,
};
const testResult = {
  testFilePath: path,
  testResults: [assertion],
  numFailingTests: 0,
  numPassingTests: 1,
  numPendingTests: 0,
  numTodoTests: 0,
  perfStats: { start: 1, end: 2, runtime: 1, slow: false },
  skipped: false,
  leaks: false,
  openHandles: [],
  snapshot: {
    added: 0,
    matched: 0,
    unchecked: 0,
    unmatched: 0,
    updated: 0,
    fileDeleted: false,
    uncheckedKeys: [],
  },
  'of a later version': { of: 'Jest' },
};
const answer = {
  outcome: { status: 'passed', durationMs: 5, result: { testResult } },
  sourceMaps: {},
  files: [],
};
const withOutcome = (part: object) => ({ ...answer, outcome: { ...answer.outcome, ...part } });
const withResult = (part: object) => withOutcome({ result: { testResult: { ...testResult, ...part } } });
const suite = { path, isStopped: false };

test.each([
  answer,
  { ...answer, outcome: { status: 'lost', durationMs: 0, cause: 'killed', blame: 'outside' } },
  withOutcome({ status: 'failed', result: { error: { message: 'no such module', stack: '' } } }),
  withOutcome({ executedTests: 1, peakMemoryBytes: 1e8, cpuMs: 4.5, energyJoules: { gpu0: 3 } }),
  { ...answer, files: [{ path: '/app/__snapshots__/a.test.js.snap', before: null, content: 'x' }] },
])('an outcome is taken as it is', (each) => {
  expect(checkedAnswer(each, suite)).toEqual(each);
});

test('keys stay in the order in which they were sent, as reporters may write results as they are', () => {
  const backwards = (value: object) => Object.fromEntries(Object.entries(value).reverse());
  const sent = withResult({
    testResults: [backwards(assertion)],
    perfStats: backwards(testResult.perfStats),
  });
  expect(JSON.stringify(checkedAnswer(sent, suite))).toBe(JSON.stringify(sent));
  const payload = [path, backwards(assertion)];
  expect(JSON.stringify(checkedCaseEvent('test-case-result', payload, path)?.payload)).toBe(
    JSON.stringify(payload),
  );
});

test('nothing is taken over that could stand for what is known here', () => {
  const lie = withOutcome({ suiteId: 'b.test.js', type: 'run-ended', notStarted: true });
  expect(checkedAnswer(lie, suite)).toEqual(answer);
});

test.each([
  ['nothing', null, 'it is null, expected an object'],
  ['no files', { outcome: answer.outcome, sourceMaps: {} }, 'files is nothing'],
  ['files without end', { ...answer, files: Array(17).fill({ path, before: null }) }, 'files is ['],
  ['a file at no path', { ...answer, files: [{ path: 7, before: null }] }, 'files[0].path is 7'],
  ['a status that there is not', withOutcome({ status: 'green' }), 'outcome.status is "green"'],
  ['a time that is none', withOutcome({ durationMs: 'long' }), 'outcome.durationMs is "long"'],
  ['a negative time', withOutcome({ durationMs: -1 }), 'outcome.durationMs is -1'],
  ['energy that is none', withOutcome({ energyJoules: { gpu0: 'much' } }), 'energyJoules.gpu0 is "much"'],
  ['negative energy', withOutcome({ energyJoules: { gpu0: -1 } }), 'energyJoules.gpu0 is -1'],
  [
    'no result',
    { ...answer, outcome: { status: 'passed', durationMs: 5 } },
    'expected a result, as it has ended by itself',
  ],
  ['a result that is a text', withOutcome({ result: 'passed' }), 'outcome.result is "passed"'],
  ['an empty result', withOutcome({ result: {} }), 'outcome.result.testResult is nothing'],
  ['a result without tests', withResult({ testResults: undefined }), 'testResults is nothing'],
  ['a test without a name', withResult({ testResults: [{ ...assertion, title: 7 }] }), '[0].title is 7'],
  ['numbers that are none', withResult({ numPassingTests: '1' }), 'numPassingTests is "1"'],
  ['no count of snapshots', withResult({ snapshot: {} }), 'snapshot.added is nothing'],
  ['console that is none', withResult({ console: [null] }), 'console[0] is null'],
  ['coverage that is none', withResult({ coverage: { '/app/a.js': {} } }), 'path is nothing'],
  ['coverage by V8 that is none', withResult({ v8Coverage: [{ result: {} }] }), 'result.url is nothing'],
  ['failures that are none', withOutcome({ failures: 'many' }), 'outcome.failures is "many"'],
  [
    'the result of another suite',
    withResult({ testFilePath: '/app/b.test.js' }),
    'it is the result of "/app/b.test.js"',
  ],
])('%s is refused', (_name, each, problem) => {
  expect(() => checkedAnswer(each, suite)).toThrow(problem);
});

test('a suite is cancelled there only if it was stopped here', () => {
  const cancelled = { ...answer, outcome: { status: 'cancelled', durationMs: 5 } };
  expect(() => checkedAnswer(cancelled, suite)).toThrow('it was cancelled, and nobody stopped it');
  expect(checkedAnswer(cancelled, { path, isStopped: true })).toEqual(cancelled);
});

test('a suite that runs there tells of its tests only, never of a result', () => {
  const start = [path, { ancestorTitles: [], title: 'b', fullName: 'b', mode: null, startedAt: 1 }];
  const end = [path, assertion];
  expect(checkedCaseEvent('test-case-start', start, path)).toEqual({
    name: 'test-case-start',
    payload: start,
  });
  expect(checkedCaseEvent('test-case-result', end, path)).toEqual({ name: 'test-case-result', payload: end });
  const others: readonly (readonly [string, unknown])[] = [
    ['test-file-success', [path, testResult]],
    ['test-file-failure', end],
    ['constructor', end],
    ['test-case-result', null],
    ['test-case-result', [path]],
    ['test-case-result', [path, null]],
    ['test-case-result', [path, { ...assertion, ancestorTitles: null }]],
    ['test-case-result', ['/app/b.test.js', assertion]],
  ];
  expect(others.filter(([name, payload]) => checkedCaseEvent(name, payload, path))).toEqual([]);
});

test('what Jest there answers to its setup is a list of configs', () => {
  expect(checkedProjects({ configs: [{ rootDir: '/a' }] })).toEqual({ configs: [{ rootDir: '/a' }] });
  const lies = [null, [], {}, { configs: {} }, { configs: [null] }];
  const endless = Object.fromEntries(Array.from({ length: 1001 }, (_, key) => [`key${key}`, 1]));
  for (const lie of [...lies, { configs: [endless] }])
    expect(() => checkedProjects(lie)).toThrow('no list of projects');
});

test('an answer that comes too late has a status, or none that counts', () => {
  expect(statusIn(answer)).toBe('passed');
  expect([null, {}, { outcome: { status: 'green' } }].map(statusIn)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
