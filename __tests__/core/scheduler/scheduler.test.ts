import { Estimates } from '../../../src/core/estimate/estimate.js';
import type { Slot } from '../../../src/core/machine/machine.js';
import type { PlacementProposal } from '../../../src/core/strategies/index.js';
import { device, GiB, gpu, slots, suite } from '../cluster.js';
import { Run } from '../told-run.js';

const [cpu1, cpu2] = ['local/cpu#1', 'local/cpu#2'];
const needsGpu = { hardware: [{ class: 'gpu', count: 1 }] } as const;
const named = (...ids: readonly string[]) => ids.map((id) => suite(id));

describe('the course of a run', () => {
  test('nothing starts before the run is opened, then slots fill in the order of queueing', () => {
    const run = new Run(slots(), named('a', 'b', 'c'));
    expect(run.scheduler.pendingCount).toBe(3);
    expect(run.open()).toEqual([`a on ${cpu1}`, `b on ${cpu2}`]);
    expect(run.end('b', cpu2)).toEqual([`c on ${cpu2}`]);
    expect(run.end('a', cpu1, 'failed')).toEqual([]);
    expect(run.end('c', cpu2)).toEqual(['run-ended']);
    expect(run.tell({ type: 'tick', atMs: 9 })).toEqual([]);
  });

  test('an empty run ends when it is opened', () => {
    expect(new Run(slots(), []).open()).toEqual(['run-ended']);
  });

  test('a suite queued later joins', () => {
    const run = new Run(slots(), named('a'));
    run.open();
    expect(run.tell({ type: 'suite-queued', suite: suite('b'), atMs: 1 })).toEqual([`b on ${cpu2}`]);
  });

  test('higher priority goes first, equal priority in order', () => {
    const suites = [suite('a', { priority: 2 }), suite('b'), suite('c', { priority: 5 }), suite('d')];
    expect(new Run(slots({ workers: 3 }), suites).open().map((text) => text[0])).toEqual(['c', 'b', 'd']);
  });

  test('a placement says what it takes and what is expected', () => {
    const estimates = new Estimates([{ suiteId: 'a', deviceKind: 'cpu', durationMs: 70 }]);
    const run = new Run(slots(), [suite('a', { cpuThreads: 2, locks: ['db'], hostMemoryBytes: GiB })], {
      estimates,
    });
    const [event] = run.scheduler.handle({ type: 'run-opened', atMs: 3 });
    expect(event).toEqual({
      type: 'suite-started',
      atMs: 3,
      attempt: 1,
      placement: {
        suiteId: 'a',
        slotId: cpu1,
        claim: {
          deviceIds: ['cpu'],
          cpuThreads: 2,
          hostMemoryBytes: GiB,
          deviceMemoryBytes: 0,
          locks: ['db'],
          exclusive: false,
        },
        estimate: { durationMs: 70, hostMemoryBytes: 0, basis: 'own-device', samples: 1, spread: 0.3 },
        degraded: false,
      },
    });
  });

  test('what is learned to take more memory than there is runs alone', () => {
    const observed = { suiteId: 'big', deviceKind: 'cpu', durationMs: 9, peakMemoryBytes: 50 * GiB };
    const run = new Run(slots(), [suite('big'), suite('a', { hostMemoryBytes: 1 })], {
      estimates: new Estimates([observed]),
    });
    expect(run.open()).toEqual([`big on ${cpu1}`]);
    expect(run.end('big', cpu1)).toEqual([`a on ${cpu1}`]);
  });
});

describe('what no slot can ever run', () => {
  const fleet = slots({ devices: [device(), { ...gpu, software: true }] });
  const wanting = (more = {}) => suite('g', { ...needsGpu, ...more });

  test('an emulated adapter is for suites that allow one, not for those that ask the same otherwise', () => {
    const emulated = device({ id: 'b', class: 'gpu', software: true, backends: ['webgpu'] });
    const needs = { hardware: [{ class: 'gpu', count: 1 }], backends: ['webgpu'] } as const;
    const run = new Run(slots({ devices: [emulated] }), [
      suite('strict', needs),
      suite('lenient', { ...needs, softwareAdapter: true }),
    ]);
    expect(run.open()).toEqual([
      expect.stringMatching(/^strict fail: needs a real gpu/),
      'lenient on local/b#1',
    ]);
  });

  test('fails with a reason for each slot type, and the rest runs', () => {
    const run = new Run(fleet, [wanting(), suite('a')]);
    expect(run.open()).toEqual([
      'g fail: needs gpu: this machine has cpu; needs a real gpu: gpu0 is emulated on the CPU, which @software-adapter allows',
      `a on ${cpu1}`,
    ]);
  });

  test('is skipped by the run or for the suite alone', () => {
    const skip = { unsatisfiable: { action: 'skip' } } as const;
    expect(new Run(slots(), [wanting()], skip).open()[0]).toMatch(/^g skip: /);
    expect(new Run(slots(), [wanting(skip)]).open()[0]).toMatch(/^g skip: /);
  });

  test('runs degraded on what is nearest to its list', () => {
    const run = new Run(fleet, [wanting({ backends: ['cuda'] })], { unsatisfiable: { action: 'degrade' } });
    expect(run.open()).toEqual(['g on local/gpu0#1 degraded']);
  });

  test('runs undegraded when a device of its list joins in time', () => {
    const run = new Run([], [suite('a'), wanting()], { unsatisfiable: { action: 'degrade' } });
    for (const slot of slots({ workers: 1, devices: [gpu, device()] }))
      run.tell({ type: 'slot-up', slot, atMs: 0 });
    expect(run.open()).toEqual(['a on local/cpu#1']);
    expect(run.end('a', cpu1)).toEqual(['g on local/gpu0#1']);
  });

  test('fails when even degraded it cannot fit', () => {
    const run = new Run(slots(), [wanting({ minMemoryBytes: 9 * GiB })], {
      unsatisfiable: { action: 'degrade' },
    });
    expect(run.open()).toEqual(['g fail: needs 9 GiB on the device: cpu has 8 GiB', 'run-ended']);
  });

  test('says that there are no slots', () => {
    expect(new Run([], [wanting()]).open()[0]).toBe('g fail: needs gpu: the run has no slots');
  });

  test('waits, and fails when the time is over', () => {
    const run = new Run(slots(), [wanting()], { unsatisfiable: { action: 'wait', waitMs: 100 } });
    expect(run.open(10)).toEqual([]);
    expect(run.scheduler.nextTickAtMs).toBe(100);
    expect(run.tell({ type: 'tick', atMs: 99 })).toEqual([]);
    expect(run.tell({ type: 'tick', atMs: 100 })).toEqual([
      'g fail: needs gpu: this machine has cpu',
      'run-ended',
    ]);
    expect(run.scheduler.nextTickAtMs).toBeUndefined();
  });

  test('waits, and runs when a machine joins', () => {
    const run = new Run(slots(), [wanting({ unsatisfiable: { action: 'wait', waitMs: 100 } })]);
    run.open();
    const [slot] = slots({ name: 'box', devices: [gpu] });
    expect(slot && run.tell({ type: 'slot-up', slot, atMs: 50 })).toEqual(['g on box/gpu0#1']);
    expect(run.scheduler.nextTickAtMs).toBeUndefined();
  });

  test('what is only busy waits without a limit', () => {
    const run = new Run(slots({ workers: 1 }), named('a', 'b'));
    run.open();
    expect(run.tell({ type: 'tick', atMs: 1e9 })).toEqual([]);
    expect(run.scheduler.nextTickAtMs).toBeUndefined();
  });
});

describe('lost attempts', () => {
  test('are tried again, alone on their machine', () => {
    const run = new Run(slots(), named('a', 'b', 'c'));
    run.open();
    expect(run.end('a', cpu1, 'lost')).toEqual([
      'a requeued: the attempt ended without a result',
      `c on ${cpu1}`,
    ]);
    expect(run.end('b', cpu2)).toEqual([]);
    expect(run.end('c', cpu1)).toEqual([`a on ${cpu1} again`]);
    expect(run.end('a', cpu1, 'lost', 2)).toEqual([expect.stringMatching(/^a given up/), 'run-ended']);
  });

  test('are final when that is not wanted', () => {
    const run = new Run(slots(), named('a'), { retryLost: false });
    run.open();
    expect(run.end('a', cpu1, 'lost')).toEqual(['run-ended']);
  });

  test('come with a lost slot', () => {
    const run = new Run(slots({ workers: 2 }), named('a', 'b'));
    run.open();
    expect(run.tell({ type: 'slot-down', slotId: cpu1, reason: 'unplugged', atMs: 4 })).toEqual([
      'a lost: unplugged',
      'a requeued: unplugged',
    ]);
    expect(() => run.end('a', cpu1)).toThrow(/does not run there\. This is a bug in jest-runner-hardware\.$/);
  });

  test('on the last slot leave nothing to run on', () => {
    const run = new Run(slots({ workers: 1 }), named('a'));
    run.open();
    expect(run.tell({ type: 'slot-down', slotId: cpu1, reason: 'unplugged', atMs: 4 })).toEqual([
      'a lost: unplugged',
      'a requeued: unplugged',
      'a fail: needs cpu: the run has no slots',
      'run-ended',
    ]);
  });
});

describe('a cancelled run', () => {
  test('starts nothing more and ends with what is running', () => {
    const run = new Run(slots(), named('a', 'b', 'c'));
    run.open();
    expect(run.tell({ type: 'run-cancelled', cause: 'bail', atMs: 1 })).toEqual(['c not started: bail']);
    expect(run.tell({ type: 'suite-queued', suite: suite('d'), atMs: 2 })).toEqual(['d not started: bail']);
    expect(run.end('a', cpu1, 'lost')).toEqual([]);
    expect(run.end('b', cpu2, 'cancelled')).toEqual(['run-ended']);
  });

  test('that was never opened ends when it is', () => {
    const run = new Run(slots(), named('a'));
    expect(run.tell({ type: 'run-cancelled', cause: 'interrupt', atMs: 0 })).toEqual([
      'a not started: interrupt',
    ]);
    expect(run.open()).toEqual(['run-ended']);
  });
});

describe('contradictions are bugs', () => {
  const bug = /This is a bug in jest-runner-hardware\.$/;

  test('in events', () => {
    const run = new Run(slots(), named('a', 'b'));
    run.open();
    expect(() => run.tell({ type: 'suite-queued', suite: suite('a'), atMs: 0 })).toThrow(bug);
    expect(() => run.tell({ type: 'slot-up', slot: slots()[0] as Slot, atMs: 0 })).toThrow(bug);
    expect(() => run.end('a', cpu2)).toThrow(bug);
    expect(() => run.end('a', cpu1, 'passed', 2)).toThrow(bug);
    run.end('a', cpu1);
    expect(() => run.end('a', cpu1)).toThrow(bug);
    run.end('b', cpu2);
    expect(() => run.tell({ type: 'suite-queued', suite: suite('c'), atMs: 0 })).toThrow(bug);
  });

  test.each<[string, readonly PlacementProposal[], RegExp]>([
    ['a suite that is not pending', [{ suiteId: 'x', slotId: cpu1 }], /not pending/],
    ['a suite twice', [cpu1, cpu2].map((slotId) => ({ suiteId: 'a', slotId })), /not pending/],
    ['a slot that is not there', [{ suiteId: 'a', slotId: 'nowhere' }], /no such slot/],
    ['a slot twice', ['a', 'b'].map((suiteId) => ({ suiteId, slotId: cpu1 })), /is busy/],
    ['a suite on a device it cannot use', [{ suiteId: 'a', slotId: 'local/gpu0#1' }], /can never run it/],
    [
      'a suite beside an exclusive one',
      [
        { suiteId: 'only', slotId: cpu1 },
        { suiteId: 'a', slotId: cpu2 },
      ],
      /for itself/,
    ],
    ['nothing, although nothing is running', [], /leaves every slot idle/],
  ])('in a strategy that places %s', (_case, places, message) => {
    const strategy = { name: 'odd', start: () => ({ place: () => places }) };
    const suites = [...named('a', 'b'), suite('only', { exclusive: true })];
    const run = new Run(slots({ workers: 3, devices: [device(), gpu] }), suites, { strategy });
    const expected = new RegExp(
      `^Strategy odd .*${message.source}.*\\. This is a bug in jest-runner-hardware\\.$`,
    );
    expect(() => run.open()).toThrow(expected);
  });
});

test('a machine drains for a suite that was passed over too often', () => {
  const small = Array.from({ length: 80 }, (_, index) => suite(`s${index}`));
  const run = new Run(slots(), [suite('s'), suite('all', { exclusive: true }), ...small]);
  run.open();
  const on = new Map([
    [cpu1, 's'],
    [cpu2, 's0'],
  ]);
  let starts = 0;
  // The two slots take turns until one is left idle.
  for (let slotId = cpu1; on.size === 2; slotId = slotId === cpu1 ? cpu2 : cpu1) {
    const [next] = run.end(on.get(slotId) ?? '', slotId);
    if (next === undefined) on.delete(slotId);
    else on.set(slotId, next.split(' ')[0] ?? '');
    starts++;
  }
  expect(starts).toBeLessThan(40);
  const [[slotId, suiteId] = ['', '']] = on;
  expect(run.end(suiteId, slotId)[0]).toMatch(/^all on /);
});
