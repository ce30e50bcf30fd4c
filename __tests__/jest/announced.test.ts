import type { Test } from '@jest/test-result';
import type { Executor, Start, SuiteOutcome } from '../../src/execute/executor.js';
import { SentAhead } from '../../src/execute/sent-ahead.js';
import { announced } from '../../src/jest/run/announced.js';
import type { Emit } from '../../src/jest/run/delivery.js';
import type { SuiteResult } from '../../src/jest/suite.js';

const never = new AbortController().signal;
const passed: SuiteOutcome<SuiteResult> = { status: 'passed', durationMs: 1 };

/** Suites of two slots. Reporters have dealt with the start of a suite when its test says so. */
function slowReporters() {
  const happened: string[] = [];
  const dealt = new Map<string, { resolve(): void; reject(error: Error): void }>();
  const emit = ((_name: string, [{ path }]: readonly [Test]) => {
    happened.push(`${path} is announced`);
    return new Promise<void>((resolve, reject) => void dealt.set(path, { resolve, reject }));
  }) as unknown as Emit;
  const executor: Executor<SuiteResult> = {
    run: async ({ suite, ahead }) => {
      happened.push(`${suite.id} is sent`);
      await ahead?.begun;
      return passed;
    },
  };
  const tests = new Map(['a', 'b', 'c', 'd'].map((path) => [path, { path } as Test]));
  const start = (id: string, slotId = 'far#1') =>
    ({ suite: { id }, placement: { slotId }, attempt: 1 }) as unknown as Start;
  return { happened, dealt, start, executor: announced(executor, { tests, emit }) };
}

const settled = () => new Promise(setImmediate);

test('what is sent ahead never overtakes the suite before it, however long reporters take', async () => {
  const { happened, dealt, start, executor } = slowReporters();
  const [b, c] = [new SentAhead(start('b')), new SentAhead(start('c'))];
  const outcomes = [start('a'), b.start, c.start, start('d', 'far#2')].map((each) =>
    executor.run(each, never),
  );
  await settled();
  expect(happened).toEqual(['a is announced', 'd is announced']);
  dealt.get('a')?.resolve();
  await settled();
  expect(happened.slice(2)).toEqual(['a is sent', 'b is sent', 'c is sent']);
  for (const next of [b, c]) next.begin();
  await settled();
  expect(happened.slice(5)).toEqual(['b is announced', 'c is announced']);
  for (const id of ['b', 'c', 'd']) dealt.get(id)?.resolve();
  expect(await Promise.all(outcomes)).toEqual([passed, passed, passed, passed]);
});

test('a suite at whose start a reporter throws fails, and what was sent ahead behind it runs', async () => {
  const { happened, dealt, start, executor } = slowReporters();
  const b = new SentAhead(start('b'));
  const outcomes = [executor.run(start('a'), never), executor.run(b.start, never)];
  await settled();
  dealt.get('a')?.reject(new Error('no disk'));
  expect(await outcomes[0]).toMatchObject({ status: 'failed', result: { error: { message: 'no disk' } } });
  b.begin();
  await settled();
  expect(happened).toEqual(['a is announced', 'b is sent', 'b is announced']);
  dealt.get('b')?.reject(new Error('no disk'));
  expect(await outcomes[1]).toMatchObject({ status: 'failed', result: { error: { message: 'no disk' } } });
});

test('what is asked back before it was sent is not sent', async () => {
  const { happened, dealt, start, executor } = slowReporters();
  const b = new SentAhead(start('b'));
  const outcomes = [executor.run(start('a'), never), executor.run(b.start, never)];
  b.recall();
  await settled();
  dealt.get('a')?.resolve();
  expect(await Promise.all(outcomes)).toMatchObject([passed, { status: 'cancelled', notStarted: true }]);
  expect(happened).toEqual(['a is announced', 'a is sent']);
});
