import { checkedAnswer, isCaseEvent, statusIn } from '../../../src/jest/remote/checked-answer.js';

const path = '/app/a.test.js';
const testResult = { testFilePath: path, testResults: [] };
const answer = { outcome: { status: 'passed', durationMs: 5, result: { testResult } }, files: [] };
const withOutcome = (part: object) => ({ ...answer, outcome: { ...answer.outcome, ...part } });

test.each([
  answer,
  { outcome: { status: 'lost', durationMs: 0, cause: 'killed' }, files: [] },
  withOutcome({ status: 'failed', result: { error: { message: 'no such module', stack: '' } } }),
])('an outcome is taken as it is', (each) => {
  expect(checkedAnswer(each, path)).toBe(each);
});

test.each([
  ['nothing', null, 'are missing'],
  ['no files', { outcome: answer.outcome }, 'are missing'],
  ['a status that there is not', withOutcome({ status: 'green' }), 'its status is "green"'],
  ['a time that is none', withOutcome({ durationMs: 'long' }), 'it took "long" ms'],
  ['a negative time', withOutcome({ durationMs: -1 }), 'it took -1 ms'],
  ['energy that is none', withOutcome({ energyJoules: { gpu0: 'much' } }), 'it took {"gpu0":"much"} J'],
  ['negative energy', withOutcome({ energyJoules: { gpu0: -1 } }), 'it took {"gpu0":-1} J'],
  ['a result that is a text', withOutcome({ result: 'passed' }), 'no object'],
  ['an empty result', withOutcome({ result: {} }), 'empty'],
  ['a result without tests', withOutcome({ result: { testResult: {} } }), 'names no tests'],
  [
    'the result of another suite',
    withOutcome({ result: { testResult: { ...testResult, testFilePath: '/app/b.test.js' } } }),
    'it is the result of "/app/b.test.js"',
  ],
])('%s is refused', (_name, each, problem) => {
  expect(() => checkedAnswer(each, path)).toThrow(problem);
});

test('a suite that runs there tells of its tests only, never of a result', () => {
  const names = ['test-case-start', 'test-case-result', 'test-file-success', 'test-file-failure'];
  expect(names.filter(isCaseEvent)).toEqual(['test-case-start', 'test-case-result']);
});

test('an answer that comes too late has a status, or none that counts', () => {
  expect(statusIn(answer)).toBe('passed');
  expect([null, {}, { outcome: { status: 'green' } }].map(statusIn)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
