import fc from 'fast-check';
import type { RunEvent } from '../../../src/core/events.js';
import { strategies } from '../../../src/core/strategies/index.js';
import { device, gpu, slots, suite } from '../cluster.js';
import { Run } from '../told-run.js';

const box = slots({ name: 'box', workers: 4 });
const other = slots({ name: 'other', workers: 1 });
const turns = (machine: string, free: number, share: number, deviceId = 'cpu'): RunEvent => ({
  type: 'device-turns',
  machine,
  deviceId,
  free,
  share,
  atMs: 1,
});
const suites = (count: number) => Array.from({ length: count }, (_, index) => suite(`s${index}`));

test('suites go to places that are free before they wait for those that other runs have', () => {
  const run = new Run([...box, ...other], suites(4));
  run.tell(turns('box', 0, 2));
  expect(run.open()).toEqual(['s0 on other/cpu#1', 's1 on box/cpu#1', 's2 on box/cpu#2']);
  expect(run.end('s0', 'other/cpu#1')).toEqual(['s3 on other/cpu#1']);
});

test('a run gives places back as its suites end, and none that it uses', () => {
  const run = new Run(box, suites(8));
  expect(run.open()).toHaveLength(4);
  expect(run.tell(turns('box', 1, 2))).toEqual([]);
  expect(run.end('s0', 'box/cpu#1')).toEqual([]);
  expect(run.end('s1', 'box/cpu#2')).toEqual([]);
  expect(run.end('s2', 'box/cpu#3')).toEqual(['s4 on box/cpu#1']);
  // The other run has ended.
  expect(run.tell(turns('box', 4, 4))).toEqual(['s5 on box/cpu#2', 's6 on box/cpu#3']);
});

test('a suite that waits for other runs for longer than it takes starts elsewhere, as soon as there is room', () => {
  const run = new Run(
    [...slots({ name: 'box', workers: 1 }), ...other],
    ['a', 'b', 'c'].map((id) => suite(id)),
  );
  run.tell(turns('box', 0, 1));
  expect(run.open()).toEqual(['a on other/cpu#1', 'b on box/cpu#1']);
  expect(run.end('a', 'other/cpu#1', 'passed', 1, 100)).toEqual(['c on other/cpu#1']);
  expect(run.end('c', 'other/cpu#1', 'passed', 1, 200)).toEqual([]);
  const dueMs = run.scheduler.nextTickAtMs ?? 0;
  expect(dueMs).toBe(1001);
  expect(run.tell({ type: 'tick', atMs: dueMs })).toEqual(['b on other/cpu#1 again']);
  expect(run.end('b', 'other/cpu#1', 'passed', 2, 1100)).toEqual([
    'b stopped on box/cpu#1: attempt 2 gave the result',
  ]);
});

test('each device counts by itself, and a machine that comes back has forgotten it', () => {
  const withGpu = slots({ name: 'box', workers: 2, devices: [device(), { ...gpu, shares: 2 }] });
  const onGpu = { hardware: [{ class: 'gpu', count: 1 }] } as const;
  const run = new Run(withGpu, [suite('a', onGpu), suite('b', onGpu), suite('c')]);
  run.tell(turns('box', 0, 1, 'gpu0'));
  expect(run.open()).toEqual(['c on box/cpu#1', 'a on box/gpu0#1']);
  run.tell({ type: 'machine-awaited', machine: 'box', address: 'redis://x/box', atMs: 2 });
  run.tell({ type: 'machine-lost', machine: 'box', reason: 'box was lost', atMs: 2 });
  for (const slot of withGpu) run.tell({ type: 'slot-up', slot, atMs: 3 });
  run.end('a', 'box/gpu0#1', 'passed', 2);
  expect(run.scheduler.isPending('b')).toBe(false);
});

test('what other runs leave holds up no suites elsewhere, by a reservation', () => {
  const withGpu = slots({ name: 'box', workers: 3, devices: [device(), { ...gpu, shares: 2 }] });
  const onGpu = { hardware: [{ class: 'gpu', count: 1 }] } as const;
  const many = Array.from({ length: 60 }, (_, index) => suite(`c${index}`));
  const run = new Run(withGpu, [suite('a', onGpu), suite('b', onGpu), ...many]);
  run.tell(turns('box', 0, 1, 'gpu0'));
  const running = run.open().map((text) => text.split(' on ') as [string, string]);
  expect(running).toHaveLength(3);
  const a = running.findIndex(([id]) => id === 'a');
  running.splice(a, 1);
  for (let n = 0; n < 58; n++) {
    const [id, slot] = running.shift() ?? ['', ''];
    const next = run.end(id, slot);
    expect(next).toHaveLength(1);
    running.push(next[0]?.split(' on ') as [string, string]);
  }
});

test('whatever other runs leave, and when, every suite runs once, and no run has more than it may', () => {
  const allowance = fc.record({ free: fc.nat(4), share: fc.integer({ min: 1, max: 4 }) });
  const step = fc.oneof(
    fc.record({ machine: fc.constantFrom('box', 'other'), allowance }),
    fc.record({ end: fc.nat(20) }),
  );
  const strategyName = fc.constantFrom(...(Object.keys(strategies) as (keyof typeof strategies)[]));
  fc.assert(
    fc.property(strategyName, fc.array(step, { maxLength: 40 }), (name, steps) => {
      const run = new Run([...box, ...other], suites(20), { strategy: strategies[name], speculate: false });
      const running = new Map<string, string>();
      const most = new Map<string, number>();
      let atMs = 0;
      const started: string[] = [];
      const note = (decisions: readonly string[]) => {
        for (const [, id = '', slot = ''] of decisions.map((text) => /^(\S+) on (\S+)$/.exec(text) ?? [])) {
          if (id === '') continue;
          started.push(id);
          running.set(id, slot);
          const machine = slot.split('/')[0] ?? '';
          const here = [...running.values()].filter((each) => each.startsWith(`${machine}/`)).length;
          expect(here).toBeLessThanOrEqual(most.get(machine) ?? 4);
        }
        // A run that has suites left waits for its turn somewhere, if for nothing else.
        expect(running.size > 0 || run.scheduler.pendingCount === 0).toBe(true);
      };
      note(run.open());
      for (const each of steps) {
        atMs += 10;
        if ('allowance' in each) {
          const { free, share } = each.allowance;
          most.set(each.machine, Math.max(free, share));
          note(run.tell({ ...turns(each.machine, free, share), atMs } as RunEvent));
          continue;
        }
        const [id, slot] = [...running][each.end % Math.max(1, running.size)] ?? [];
        if (id === undefined || slot === undefined) continue;
        running.delete(id);
        note(run.end(id, slot, 'passed', 1, atMs));
      }
      while (running.size > 0) {
        const [id, slot] = [...running][0] ?? ['', ''];
        running.delete(id);
        atMs += 10;
        note(run.end(id, slot, 'passed', 1, atMs));
      }
      expect([...started].sort()).toEqual(
        suites(20)
          .map(({ id }) => id)
          .sort(),
      );
    }),
  );
});
