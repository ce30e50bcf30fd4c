import { homedir } from 'node:os';
import type { Start, SuiteOutcome } from '../../src/execute/executor.js';
import { withFailures } from '../../src/jest/run/failures.js';
import type { SuiteResult } from '../../src/jest/suite.js';

const root = '/project';

/** What is recorded of an attempt that ended so. */
async function recorded(result: unknown, status: 'passed' | 'failed' = 'failed') {
  const outcome = { status, durationMs: 1, result } as SuiteOutcome<SuiteResult>;
  const executor = withFailures({ run: async () => outcome }, root);
  const { failures, moreFailures } = await executor.run({} as Start, AbortSignal.any([]));
  return { failures, moreFailures };
}

const testNamed = (title: string, ...failureMessages: string[]) => ({
  ancestorTitles: ['tax'],
  title,
  failureMessages,
  status: failureMessages.length === 0 ? 'passed' : 'failed',
});

test('a failed test: its name, its message without colours and folders, its innermost own line', async () => {
  const message = `\u001b[31mExpected: 1\u001b[39m\nReceived: ${homedir()}/x ${root}/y`;
  const stack = [
    '    at expect (/project/node_modules/expect/index.js:5:3)',
    '    at round (/project/src/tax.js:3:9)',
    '    at Object.<anonymous> (/project/src/tax.test.js:14:21)',
  ].join('\n');
  const testResults = [testNamed('adds'), testNamed('rounds', `Error: ${message}\n\n${stack}`)];
  expect(await recorded({ testResult: { testResults } })).toEqual({
    failures: [
      {
        test: 'tax › rounds',
        message: 'Error: Expected: 1\nReceived: ~/x <rootDir>/y',
        at: 'src/tax.js:3',
      },
    ],
    moreFailures: undefined,
  });
});

test('a suite that fails as a whole', async () => {
  const error = {
    message: 'Cannot find module',
    stack: 'Error: Cannot find module\n  at /elsewhere/a.js:1:1',
  };
  const failures = [{ message: 'Error: Cannot find module' }];
  expect(await recorded({ error })).toMatchObject({ failures });
  expect(await recorded({ testResult: { testExecError: error, testResults: [] } })).toMatchObject({
    failures,
  });
});

test('ten failures are kept, the others counted, long messages cut', async () => {
  const testResults = Array.from({ length: 13 }, (_, index) => testNamed(`${index}`, 'x'.repeat(1_000_000)));
  const { failures, moreFailures } = await recorded({ testResult: { testResults } });
  expect(failures).toHaveLength(10);
  expect(moreFailures).toBe(3);
  expect(failures?.[0]?.message).toHaveLength(2001);
});

test('nothing for a suite that passed', async () => {
  expect(await recorded({ testResult: { testResults: [testNamed('adds')] } }, 'passed')).toEqual({});
});
