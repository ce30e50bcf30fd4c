import { Estimates, type Observation } from '../../../src/core/estimate/estimate.js';
import type { RunEvent, Suite } from '../../../src/core/events.js';
import type { Slot } from '../../../src/core/machine/machine.js';
import { strategies } from '../../../src/core/strategies/index.js';
import type { WorkloadProfile } from '../../../src/core/workload/profile.js';
import { drawnCase } from '../../../src/simulate/case.js';
import { replayCase } from '../../../src/simulate/replay.js';
import { simulate } from '../../../src/simulate/simulate.js';
import { device, GiB, gpu, type MachineShape, slots, suite } from '../cluster.js';
import { Run } from '../told-run.js';

const needsGpu = { hardware: [{ class: 'gpu', count: 1 }] } as const;
const [onCpu, onGpu] = ['near/cpu#1', 'far/gpu0#1'];

function far(leadMs = 80, shape: MachineShape = {}): readonly Slot[] {
  return slots({ workers: 1, name: 'far', devices: [gpu], ...shape }).map((slot) => ({ ...slot, leadMs }));
}

function seen(durationMs: number, ids: readonly string[]): Estimates {
  return new Estimates(
    ids.flatMap((suiteId): Observation[] => [
      { suiteId, deviceKind: 'gpu', durationMs },
      { suiteId, deviceKind: 'cpu', durationMs },
    ]),
  );
}

/** The suites need a GPU unless said otherwise, and take 200 ms. */
function running(
  ids: readonly string[],
  fleet = far(),
  profiles: Readonly<Record<string, Partial<WorkloadProfile>>> = {},
  durationMs = 200,
) {
  const suites = ids.map((id) => suite(id, { ...needsGpu, ...profiles[id] }));
  return new Run(fleet, suites, { estimates: seen(durationMs, ids) });
}

const returned = (suiteId: string, atMs: number) =>
  ({ type: 'successor-returned', suiteId, slotId: onGpu, attempt: 1, atMs }) as const;

test('a suite is sent ahead to a busy slot that is far away, and starts when that is free', () => {
  const run = running(['a', 'b', 'c']);
  expect(run.open()).toEqual([`a on ${onGpu}`, `b next on ${onGpu}`]);
  expect(run.end('a', onGpu, 'passed', 1, 200)).toEqual([`b on ${onGpu}`, `c next on ${onGpu}`]);
  expect(run.end('b', onGpu, 'lost', 1, 400)).toEqual([
    'b requeued: the attempt ended without a result',
    `c on ${onGpu}`,
  ]);
  // What was lost has the machine for itself, and is not sent ahead.
  expect(run.end('c', onGpu, 'passed', 1, 600)).toEqual([`b on ${onGpu} again`]);
  expect(run.end('b', onGpu, 'passed', 2, 800)).toEqual(['run-ended']);
});

test.each([
  ['near', slots({ workers: 1, name: 'far', devices: [gpu] }), 200, 0],
  ['long suites', far(80), 4100, 0],
  ['suites as long as the lead', far(200), 200, 2],
  ['short suites', far(80), 30, 4],
])('how many are sent ahead: %s', (_name, fleet, durationMs, ahead) => {
  const ids = Array.from({ length: 12 }, (_, index) => `s${index}`);
  expect(running(ids, fleet, {}, durationMs).open()).toHaveLength(1 + ahead);
});

test.each([
  ['slower', 80, 400, ['c', 'd'].map((id) => `${id} next on ${onGpu}`)],
  ['faster', 400, 80, []],
])('a way that becomes %s: suites are sent ahead by what it takes now', (_, leadMs, now, decided) => {
  const run = running(['a', 'b', 'c', 'd', 'e'], far(leadMs));
  run.open();
  expect(run.tell({ type: 'link-measured', machine: 'far', leadMs: now, atMs: 10 })).toEqual(decided);
  // Those that were sent ahead stay; then one at a time is enough.
  const after = run.end('a', onGpu, 'passed', 1, 200);
  expect(after.filter((each) => each.includes('next'))).toHaveLength(now > leadMs ? 1 : 0);
});

test('a way that has become slow keeps a short suite here', () => {
  const either = {
    hardware: [
      { class: 'gpu', count: 1 },
      { class: 'cpu', count: 1 },
    ],
  } as const;
  const fleet = () => [...far(10), ...slots({ workers: 1, name: 'near' })];
  const estimates = () =>
    new Estimates([
      { suiteId: 'a', deviceKind: 'gpu', durationMs: 100 },
      { suiteId: 'a', deviceKind: 'cpu', durationMs: 200 },
    ]);
  const choose = (told: readonly RunEvent[]) => {
    const strategy = strategies['performance-aware'];
    const run = new Run(fleet(), [suite('a', either)], { strategy, estimates: estimates() });
    for (const event of told) run.tell(event);
    return run.open(1);
  };
  expect(choose([])).toEqual([`a on ${onGpu}`]);
  expect(choose([{ type: 'link-measured', machine: 'far', leadMs: 500, atMs: 0 }])).toEqual([
    `a on ${onCpu}`,
  ]);
  expect(choose([{ type: 'link-measured', machine: 'other', leadMs: 500, atMs: 0 }])).toEqual([
    `a on ${onGpu}`,
  ]);
});

test.each([
  ['a lock', { locks: ['x'] }],
  ['the machine for itself', { exclusive: true }],
  ['more memory than the machine has beside what runs', { hostMemoryBytes: 7 * GiB }],
])('what needs %s is not sent ahead', (_name, needs) => {
  const fleet = far(80, { workers: 2, devices: [{ ...gpu, shares: 2 }] });
  const memory = { hostMemoryBytes: 2 * GiB };
  const run = running(['a', 'b', 'c'], fleet, { a: memory, b: memory, c: needs });
  expect(run.open()).toEqual([`a on ${onGpu}`, 'b on far/gpu0#2']);
});

test('nothing else takes what a successor needs', () => {
  const fleet = far(80, { workers: 2, devices: [gpu, device()] });
  const onCpuOf = { hardware: [{ class: 'cpu', count: 1 }] } as const;
  const run = running(['a', 'b', 'c'], fleet, {
    a: { hostMemoryBytes: GiB },
    b: { hostMemoryBytes: 6 * GiB },
    c: { ...onCpuOf, hostMemoryBytes: 3 * GiB },
  });
  const decided = run.open();
  expect(decided).toContain(`a on ${onGpu}`);
  // Either the successor fits beside what runs on the CPU, or it is not sent.
  expect(decided).toContain('c on far/cpu#1');
  expect(decided).not.toContain(`b next on ${onGpu}`);
});

test('a successor that waits for long is asked back when another slot is free for it', () => {
  const either = {
    hardware: [
      { class: 'gpu', count: 1 },
      { class: 'cpu', count: 1 },
    ],
  } as const;
  const fleet = [...far(), ...slots({ workers: 1, name: 'near' })];
  const run = running(['a', 'b', 'c'], fleet, { b: { hardware: [{ class: 'cpu', count: 1 }] }, c: either });
  expect(run.open()).toEqual([`a on ${onGpu}`, `b on ${onCpu}`, `c next on ${onGpu}`]);
  const atMs = 190;
  expect(run.end('b', onCpu, 'passed', 1, atMs)).toEqual([]);
  const decided: string[] = [];
  while (decided.length === 0)
    decided.push(...run.tell({ type: 'tick', atMs: run.scheduler.nextTickAtMs ?? 0 }));
  expect(decided).toEqual([`c recalled from ${onGpu}`]);
  expect(run.tell(returned('c', 2000))).toEqual([`c on ${onCpu}`]);
  // It could not come back any more.
  expect(run.end('a', onGpu, 'passed', 1, 2100)).toEqual([]);
});

test('a successor that has started when it is asked back stays', () => {
  const run = running(['a', 'b']);
  run.open();
  expect(run.end('a', onGpu, 'passed', 1, 200)).toEqual([`b on ${onGpu}`]);
  expect(run.end('b', onGpu, 'passed', 1, 400)).toEqual(['run-ended']);
});

test('a lost machine loses what ran there, and what was sent ahead waits again', () => {
  const run = running(['a', 'b'], [...far(), ...far(80, { name: 'other' }).slice(0, 0)]);
  run.open();
  expect(run.tell({ type: 'slot-down', slotId: onGpu, reason: 'gone', atMs: 50 }).slice(0, 3)).toEqual([
    'a lost: gone',
    'a requeued: gone',
    `b returned from ${onGpu}`,
  ]);
});

test('a cancelled run starts no successor', () => {
  const run = running(['a', 'b', 'c']);
  run.open();
  expect(run.tell({ type: 'run-cancelled', cause: 'bail', atMs: 50 })).toEqual([
    'b not started: bail',
    'c not started: bail',
  ]);
  expect(run.end('a', onGpu, 'cancelled', 1, 51)).toEqual(['run-ended']);
});

test.each([
  [200, 0.95],
  [1000, 0.97],
])('4 slots 80 ms away, suites of %d ms: busy for %d of the time', (durationMs, share) => {
  const suites = Array.from({ length: 80 }, (_, index): Suite => suite(`s${index}`));
  const { makespanMs } = simulate({
    slots: far(80, { workers: 4, devices: [device()] }),
    suites,
    strategy: strategies.adaptive,
    truth: () => ({ durationMs }),
  });
  expect((suites.length * durationMs) / (4 * makespanMs)).toBeGreaterThanOrEqual(share);
});

test('a way that becomes slower in the middle of a run leaves no slot idle, and is replayed as it was', () => {
  const fleet = far(10, { workers: 4, devices: [device()] });
  const suites = Array.from({ length: 80 }, (_, index): Suite => suite(`s${index}`));
  const links = [{ type: 'link-measured', atMs: 1000, machine: 'far', leadMs: 200 }] as const;
  const truth = () => ({ durationMs: 200 });
  const { makespanMs, events } = simulate({
    slots: fleet,
    suites,
    links,
    strategy: strategies.adaptive,
    truth,
  });
  expect((suites.length * 200) / (4 * makespanMs)).toBeGreaterThanOrEqual(0.9);
  const again = drawnCase(replayCase(events, 1), 'adaptive');
  expect(again.events.filter(({ type }) => type === 'link-measured')).toEqual(links);
  expect(again.result.makespanMs).toBe(makespanMs);
});

test.each([
  [80, 1],
  [1, 0],
])('suites of which nothing is known, %d ms away', (leadMs, ahead) => {
  const run = new Run(far(leadMs), [suite('a', needsGpu), suite('b', needsGpu)]);
  expect(run.open()).toHaveLength(1 + ahead);
});

test.each([
  ['as fast', 200, 'near'],
  ['faster by less than the way', 150, 'near'],
  ['faster by more than the way', 100, 'far'],
])('a suite goes where its result is known first: the far slot is %s', (_name, farMs, expected) => {
  const either = {
    hardware: [
      { class: 'gpu', count: 1 },
      { class: 'cpu', count: 1 },
    ],
  } as const;
  const fleet = [...far(), ...slots({ workers: 1, name: 'near' })];
  const estimates = new Estimates([
    { suiteId: 'a', deviceKind: 'gpu', durationMs: farMs },
    { suiteId: 'a', deviceKind: 'cpu', durationMs: 200 },
  ]);
  const strategy = strategies['performance-aware'];
  const run = new Run(fleet, [suite('a', either)], { strategy, estimates });
  expect(run.open()).toEqual([`a on ${expected === 'near' ? onCpu : onGpu}`]);
});
