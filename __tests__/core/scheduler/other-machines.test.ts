import { Estimates } from '../../../src/core/estimate/estimate.js';
import type { Slot } from '../../../src/core/machine/machine.js';
import { device, gpu, slots, suite } from '../cluster.js';
import { Run } from '../told-run.js';

const onGpu = { hardware: [{ class: 'gpu', count: 1 }] } as const;
const here = slots({ name: 'here', workers: 1 });
const box = slots({ name: 'box', workers: 3, devices: [device(), { ...gpu, shares: 2 }] });
const gone = {
  type: 'machine-lost',
  machine: 'box',
  reason: 'box was lost: the link is cut',
  atMs: 7,
} as const;

function join(run: Run, joining: readonly Slot[]): readonly string[] {
  const told = joining.flatMap((slot) => run.tell({ type: 'slot-up', slot, atMs: 2 }));
  return [...told, ...run.tell({ type: 'machine-settled', machine: 'box', atMs: 2 })];
}

describe('a machine that is awaited', () => {
  const awaited = { type: 'machine-awaited', machine: 'box', address: 'ssh://box', atMs: 0 } as const;

  test('keeps suites that only it may be able to run, and gets them when it has joined', () => {
    const run = new Run(here, [suite('a'), suite('g', onGpu)]);
    run.tell(awaited);
    expect(run.open()).toEqual(['a on here/cpu#1']);
    expect(run.end('a', 'here/cpu#1')).toEqual([]);
    expect(run.scheduler.nextTickAtMs).toBeUndefined();
    expect(join(run, box)).toEqual(['g on box/gpu0#1']);
    expect(run.end('g', 'box/gpu0#1')).toEqual(['run-ended']);
  });

  test('that does not come refuses them with its reason', () => {
    const run = new Run(here, [suite('g', onGpu)]);
    run.tell(awaited);
    expect(run.open()).toEqual([]);
    const problem = 'box did not answer in time';
    expect(run.tell({ type: 'machine-settled', machine: 'box', problem, atMs: 5 })).toEqual([
      'g fail: box did not answer in time; needs gpu: this machine has cpu',
      'run-ended',
    ]);
  });

  test('holds up no suite that can run without it, and its late slots get what is left', () => {
    const run = new Run(
      here,
      ['a', 'b', 'c'].map((id) => suite(id)),
    );
    run.tell(awaited);
    expect(run.open()).toEqual(['a on here/cpu#1']);
    expect(join(run, box)).toEqual(['b on box/cpu#1', 'c on box/cpu#2']);
  });

  test('comes too late for a run that has ended', () => {
    const run = new Run(here, [suite('a')]);
    run.tell(awaited);
    run.open();
    expect(run.end('a', 'here/cpu#1')).toEqual(['run-ended']);
    expect(join(run, box)).toEqual([]);
  });

  test('waits no longer when the run is cancelled', () => {
    const run = new Run(here, [suite('g', onGpu)]);
    run.tell(awaited);
    run.open();
    expect(run.tell({ type: 'run-cancelled', cause: 'interrupt', atMs: 1 })).toEqual([
      'g not started: interrupt',
      'run-ended',
    ]);
  });
});

describe('a machine that is lost', () => {
  test('loses all its slots at once: what ran there starts elsewhere, beside others', () => {
    const two = slots({ name: 'here', workers: 2 });
    const run = new Run(
      [...box, ...two],
      ['a', 'b', 'c', 'd'].map((id) => suite(id)),
    );
    expect(run.open()).toEqual(['a on box/cpu#1', 'b on box/cpu#2', 'c on box/cpu#3', 'd on here/cpu#1']);
    expect(run.tell(gone)).toEqual([
      'a lost: box was lost: the link is cut',
      'b lost: box was lost: the link is cut',
      'c lost: box was lost: the link is cut',
      'a requeued: box was lost: the link is cut',
      'b requeued: box was lost: the link is cut',
      'c requeued: box was lost: the link is cut',
      'a on here/cpu#2 again',
    ]);
    expect(run.end('d', 'here/cpu#1')).toEqual(['b on here/cpu#1 again']);
    expect(() => run.end('c', 'box/cpu#3')).toThrow('does not run there');
  });

  test('refuses what nothing else can run, with its reason', () => {
    const run = new Run([...here, ...box], [suite('g', onGpu)]);
    expect(run.open()).toEqual(['g on box/gpu0#1']);
    expect(run.tell(gone)).toEqual([
      'g lost: box was lost: the link is cut',
      'g requeued: box was lost: the link is cut',
      'g fail: box was lost: the link is cut; needs gpu: this machine has cpu',
      'run-ended',
    ]);
  });

  test('costs a suite none of its attempts', () => {
    const more = slots({ name: 'more', workers: 1 });
    const run = new Run([...box, ...more, ...here], [suite('a')]);
    run.open();
    expect(run.tell(gone)).toContain('a on more/cpu#1 again');
    expect(run.tell({ ...gone, machine: 'more' })).toContain('a on here/cpu#1 again');
    expect(run.end('a', 'here/cpu#1', 'lost', 3)).toEqual([
      'a requeued: the attempt ended without a result',
      'a on here/cpu#1 again',
    ]);
  });

  test('takes nothing with it when lost suites are not to be tried again', () => {
    const run = new Run([...box, ...here], [suite('a'), suite('b')], { retryLost: false });
    run.open();
    expect(run.tell(gone)).toEqual([
      'a lost: box was lost: the link is cut',
      'b lost: box was lost: the link is cut',
      'run-ended',
    ]);
  });

  test('ends both attempts of one suite with one further attempt', () => {
    const devices = [device(), { ...gpu, model: 'Slow' }, { ...gpu, id: 'gpu1', model: 'Fast' }];
    const pair = slots({ name: 'box', workers: 3, devices });
    const expectedMs = { 'gpu Slow': 4000, 'gpu Fast': 1000, cpu: 1000 };
    const run = new Run([], [{ ...suite('g', { hardware: [{ class: 'gpu', count: 1 }] }), expectedMs }]);
    const [slow] = pair.filter(({ device: { model } }) => model === 'Slow');
    run.tell({ type: 'slot-up', slot: slow as Slot, atMs: 0 });
    expect(run.open()).toEqual(['g on box/gpu0#1']);
    for (const slot of pair) if (slot !== slow) run.tell({ type: 'slot-up', slot, atMs: 1 });
    expect(run.tell({ type: 'tick', atMs: 20_000 })).toEqual(['g on box/gpu1#1 again']);
    const decided = run.tell({ ...gone, atMs: 21_000 });
    expect(decided.filter((each) => each.startsWith('g requeued'))).toHaveLength(1);
    expect(decided.at(-1)).toBe('run-ended');
  });
});

describe('a suite that is lost alone', () => {
  test('is tried again on another machine, even if that one is busy', () => {
    const run = new Run(
      [...box, ...here],
      ['a', 'b', 'c', 'd'].map((id) => suite(id)),
    );
    run.open();
    run.end('a', 'box/cpu#1', 'lost');
    run.end('b', 'box/cpu#2');
    run.end('c', 'box/cpu#3');
    expect(run.end('d', 'here/cpu#1')).toEqual(['a on here/cpu#1 again']);
  });

  test('is tried again where it was lost when nothing else can run it, or the other machine goes', () => {
    const run = new Run([...here, ...box], [suite('g', onGpu)]);
    run.open();
    expect(run.end('g', 'box/gpu0#1', 'lost')).toContain('g on box/gpu0#1 again');

    const other = new Run(
      [...box, ...here],
      ['a', 'b', 'c', 'd'].map((id) => suite(id)),
    );
    other.open();
    other.end('a', 'box/cpu#1', 'lost');
    for (const [id, slot] of [
      ['b', 'box/cpu#2'],
      ['c', 'box/cpu#3'],
    ] as const)
      other.end(id, slot);
    expect(other.tell({ ...gone, machine: 'here' })).toContain('a on box/cpu#1 again');
  });
});

test('what a machine told of its devices goes with it: it may come back cool', () => {
  const run = new Run([...here, ...box], [suite('a', onGpu)]);
  run.tell({
    type: 'device-heat',
    machine: 'box',
    deviceId: 'gpu0',
    hot: true,
    source: 'nvidia-smi',
    atMs: 1,
  });
  expect(run.open(2)).toEqual([]);
  const awaited = { type: 'machine-awaited', machine: 'box', address: 'ssh://box', atMs: 7 } as const;
  run.tell(awaited);
  expect(run.tell(gone)).toEqual([]);
  expect(join(run, box)).toEqual(['a on box/gpu0#1']);
});

test('suites that were sent ahead to a machine that is lost wait for others', () => {
  const far = slots({ name: 'box', workers: 1 }).map((slot) => ({ ...slot, leadMs: 100 }));
  const estimates = new Estimates(
    ['a', 'b', 'c'].map((suiteId) => ({ suiteId, deviceKind: 'cpu', durationMs: 120 })),
  );
  const run = new Run(
    [...far, ...here],
    ['a', 'b', 'c'].map((id) => suite(id)),
    { estimates },
  );
  expect(run.open()).toEqual(['a on box/cpu#1', 'b on here/cpu#1', 'c next on box/cpu#1']);
  expect(run.tell(gone)).toEqual([
    'a lost: box was lost: the link is cut',
    'c returned from box/cpu#1',
    'a requeued: box was lost: the link is cut',
  ]);
  expect(run.end('b', 'here/cpu#1')).toEqual(['a on here/cpu#1 again']);
  expect(run.end('a', 'here/cpu#1', 'passed', 2)).toEqual(['c on here/cpu#1']);
});
