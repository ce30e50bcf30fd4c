import { jest } from '@jest/globals';
import { TaskQueues } from '../../src/remote/task-queues.js';

const never = new AbortController().signal;

function task() {
  let end: (result: string) => void = () => {};
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  const run = jest.fn(() => ended);
  return { run, end };
}

test('tasks of a queue run one after another, those of others beside them', async () => {
  const queues = new TaskQueues();
  const [first, second, other] = [task(), task(), task()];
  const outcomes = [
    queues.run({ queue: 'a', number: 1 }, never, first.run),
    queues.run({ queue: 'a', number: 2 }, never, second.run),
    queues.run({ queue: 'b', number: 3 }, never, other.run),
  ];
  await new Promise(setImmediate);
  expect([first, second, other].map(({ run }) => run.mock.calls.length)).toEqual([1, 0, 1]);
  first.end('1');
  await new Promise(setImmediate);
  expect(second.run).toHaveBeenCalled();
  second.end('2');
  other.end('3');
  expect(await Promise.all(outcomes)).toEqual(['1', '2', '3'].map((result) => ({ started: true, result })));
});

test('a task that waits can be taken back, and the one after it runs', async () => {
  const queues = new TaskQueues();
  const [first, second, third, fourth] = [task(), task(), task(), task()];
  const stopped = new AbortController();
  const running = queues.run({ queue: 'a', number: 1 }, never, first.run);
  const waiting = queues.run({ queue: 'a', number: 2 }, never, second.run);
  const stoppedOne = queues.run({ queue: 'a', number: 3 }, stopped.signal, third.run);
  const last = queues.run({ queue: 'a', number: 4 }, never, fourth.run);
  await new Promise(setImmediate);
  queues.takeBack(1);
  queues.takeBack(2);
  stopped.abort();
  expect(await waiting).toEqual({ started: false });
  expect(await stoppedOne).toEqual({ started: false });
  expect(fourth.run).not.toHaveBeenCalled();
  first.end('1');
  fourth.end('4');
  expect(await running).toEqual({ started: true, result: '1' });
  expect(await last).toEqual({ started: true, result: '4' });
  expect(second.run).not.toHaveBeenCalled();
  expect(third.run).not.toHaveBeenCalled();
});

test('a task that fails does not hold up the next', async () => {
  const queues = new TaskQueues();
  const failing = queues.run({ queue: 'a', number: 1 }, never, async () => {
    throw new Error('no');
  });
  const next = queues.run({ queue: 'a', number: 2 }, never, async () => 'yes');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toEqual({ started: true, result: 'yes' });
});
