import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import type { TaskDecision } from '../../src/tasks/task.js';
import { TaskScheduler } from '../../src/tasks/task-scheduler.js';

function withClock(options: ConstructorParameters<typeof TaskScheduler>[0] = {}) {
  let atMs = 0;
  const scheduler = new TaskScheduler({ ...options, now: () => atMs });
  return { scheduler, pass: (ms: number) => (atMs += ms) };
}

const onGpu = { hardware: [{ class: 'gpu', count: 1 }] } as const;
const starts = (decisions: readonly TaskDecision[]) =>
  decisions.map((each) => (each.do === 'start' ? `${each.taskId} on ${each.placement.slotId}` : each.do));

test('workers come, tasks are submitted, decided, completed, counted', () => {
  const { scheduler, pass } = withClock();
  scheduler.submit({ id: 'encode', needs: { ...onGpu, workload: 'nlp' } });
  expect(scheduler.next()).toEqual([]);
  pass(50);
  scheduler.registerWorker({ name: 'box', cpuThreads: 2, devices: [{ id: 'gpu0', class: 'gpu' }] });
  scheduler.submit({ id: 'unit' });
  expect(starts(scheduler.next())).toEqual(['encode on box/gpu0#1', 'unit on box/cpu#1']);
  pass(100);
  scheduler.complete({ taskId: 'encode', attempt: 1, status: 'passed' });
  expect(scheduler.statistics()).toEqual({
    pending: 0,
    running: 1,
    ended: { passed: 1 },
    busyMs: 100,
    meanWaitMs: 25,
  });
  expect(scheduler.statistics({ workload: 'nlp' })).toMatchObject({
    running: 0,
    ended: { passed: 1 },
    meanWaitMs: 50,
  });
  expect(scheduler.statistics({ worker: 'box' })).toMatchObject({ running: 1, busyMs: 100 });
  expect(scheduler.statistics({ worker: 'other' })).toMatchObject({ running: 0, busyMs: 0 });
  // It goes on after it has run dry.
  scheduler.complete({ taskId: 'unit', attempt: 1, status: 'failed', durationMs: 70 });
  scheduler.submit({ id: 'later' });
  expect(starts(scheduler.next())).toEqual(['later on box/cpu#1']);
});

test('what runs on a worker that goes starts anew elsewhere', () => {
  const { scheduler } = withClock();
  scheduler.registerWorker({ name: 'a' });
  scheduler.submit({ id: 't' });
  expect(starts(scheduler.next())).toEqual(['t on a/cpu#1']);
  scheduler.registerWorker({ name: 'b' });
  scheduler.unregisterWorker('a');
  expect(scheduler.next()).toMatchObject([{ do: 'start', taskId: 't', attempt: 2 }]);
  expect(scheduler.statistics().ended).toEqual({ lost: 1 });
});

test('learns: the next run of equal work goes to the faster worker', () => {
  const { scheduler, pass } = withClock({ strategy: 'performance-aware' });
  scheduler.registerWorker({ name: 'box', cpuThreads: 2, devices: [{ id: 'gpu0', class: 'gpu' }] });
  const either = {
    hardware: [
      { class: 'cpu', count: 1 },
      { class: 'gpu', count: 1 },
    ],
  } as const;
  scheduler.submit({ id: 'x', needs: either, expectedMs: { cpu: 900, gpu: 100 } });
  expect(starts(scheduler.next())).toEqual(['x on box/gpu0#1']);
  pass(100);
  scheduler.complete({ taskId: 'x', attempt: 1, status: 'passed' });
});

test('a task that has ended may be submitted again, and is known', () => {
  const { scheduler } = withClock({ strategy: 'pull' });
  const gpus = ['fast', 'slow'].map((model) => ({ id: model, class: 'gpu', model }) as const);
  scheduler.registerWorker({ name: 'box', cpuThreads: 2, devices: gpus });
  const onceOn = (durationsMs: Readonly<Record<string, number>>) => {
    for (const id of Object.keys(durationsMs)) scheduler.submit({ id, needs: onGpu });
    return scheduler.next().map((each) => {
      if (each.do !== 'start') return each.do;
      const { taskId, attempt, placement } = each;
      scheduler.complete({ taskId, attempt, status: 'passed', durationMs: durationsMs[taskId] ?? 1 });
      return `${taskId} on ${placement.slotId}`;
    });
  };
  expect(onceOn({ a: 100, b: 900 })).toEqual(['a on box/fast#1', 'b on box/slow#1']);
  expect(onceOn({ b: 100, a: 900 })).toEqual(['b on box/fast#1', 'a on box/slow#1']);
});

test('lives for long: what has ended leaves nothing behind but what it took, of the last ten thousand', () => {
  const { scheduler, pass } = withClock({ strategy: 'pull' });
  scheduler.registerWorker({ name: 'box' });
  const submitMany = (from: number, count: number) => {
    for (let index = from; index < from + count; index++) {
      scheduler.submit({ id: `task ${index}` });
      pass(1);
      for (const decision of scheduler.next()) {
        if (decision.do !== 'start') continue;
        scheduler.complete({ taskId: decision.taskId, attempt: decision.attempt, status: 'passed' });
      }
    }
  };
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  const heapBytes = () => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  submitMany(0, 12_000);
  const before = heapBytes();
  submitMany(12_000, 24_000);
  expect(heapBytes() - before).toBeLessThan(2_000_000);
  expect(scheduler.statistics().ended).toEqual({ passed: 36_000 });
});

test.each([
  ['equal needs', () => ({})],
  ['needs of their own', (index: number) => ({ minMemoryBytes: 1000 + index })],
])('the same where it never runs dry: tasks of %s', (_what, needsOf) => {
  const { scheduler, pass } = withClock({ strategy: 'pull' });
  scheduler.registerWorker({ name: 'box', cpuThreads: 2 });
  const running: Extract<TaskDecision, { do: 'start' }>[] = [];
  let submitted = 0;
  const goOn = (count: number) => {
    for (let index = 0; index < count; index++) {
      scheduler.submit({ id: `task ${submitted}`, needs: needsOf(submitted++) });
      pass(1);
      for (const decision of scheduler.next()) if (decision.do === 'start') running.push(decision);
      const [oldest] = submitted > 8 ? running.splice(0, 1) : [];
      if (oldest) scheduler.complete({ taskId: oldest.taskId, attempt: oldest.attempt, status: 'passed' });
    }
  };
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  const heapBytes = () => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  goOn(12_000);
  const before = heapBytes();
  goOn(12_000);
  // What is remembered of ten thousand tasks is there before; the queue alone would keep 3 MB.
  expect(heapBytes() - before).toBeLessThan(2_000_000);
  expect(scheduler.statistics().pending).toBeGreaterThan(0);
});

test('a task that nobody can run is given up when its policy says so', () => {
  const { scheduler } = withClock({ unsatisfiable: { action: 'fail' } });
  scheduler.registerWorker({ name: 'a' });
  scheduler.submit({ id: 't', needs: onGpu });
  expect(scheduler.next()).toEqual([
    { do: 'give-up', taskId: 't', reasons: ['needs gpu: this machine has cpu'] },
  ]);
  const waiting = withClock({ unsatisfiable: { action: 'wait', waitMs: 500 } });
  waiting.scheduler.registerWorker({ name: 'a' });
  waiting.scheduler.submit({ id: 't', needs: onGpu });
  expect(waiting.scheduler.next()).toEqual([]);
  expect(waiting.scheduler.nextCallInMs).toBe(500);
  waiting.pass(500);
  expect(waiting.scheduler.next()).toMatchObject([{ do: 'give-up' }]);
});

test('mistakes are named', () => {
  const { scheduler } = withClock();
  scheduler.registerWorker({ name: 'a' });
  scheduler.submit({ id: 't' });
  expect(() => scheduler.registerWorker({ name: 'a' })).toThrow(UsageError);
  expect(() => scheduler.submit({ id: 't' })).toThrow('a task `t` was submitted already');
  expect(() => scheduler.complete({ taskId: 't', attempt: 2, status: 'passed' })).toThrow(
    'attempt 2 of task `t` is not running',
  );
  scheduler.complete({ taskId: 't', attempt: 1, status: 'passed' });
  expect(() => scheduler.complete({ taskId: 't', attempt: 1, status: 'passed' })).toThrow(/not running/);
});
