import { Estimates } from '../../../src/core/estimate/estimate.js';
import { device, GiB, gpu, slots, suite } from '../cluster.js';
import { Run } from '../told-run.js';

const two = { hardware: [{ class: 'gpu', count: 2 }] } as const;
const one = { hardware: [{ class: 'gpu', count: 1 }] } as const;
const gpus = (count: number, machine = {}) =>
  slots({
    workers: 4,
    devices: [device(), ...Array.from({ length: count }, (_, index) => ({ ...gpu, id: `gpu${index}` }))],
    ...machine,
  });
const [gpu0, gpu1, gpu2] = ['local/gpu0#1', 'local/gpu1#1', 'local/gpu2#1'];

test('a suite takes as many devices of a machine as it asks for, at once', () => {
  const run = new Run(gpus(3), [suite('pair', two), suite('next', two), suite('single', one)]);
  expect(run.open()).toEqual([`pair on ${gpu0} and ${gpu1}`, `single on ${gpu2}`]);
  expect(run.end('single', gpu2)).toEqual([]);
  expect(run.end('pair', gpu0)).toEqual([`next on ${gpu0} and ${gpu1}`]);
});

test('it takes one worker, and its claim names the devices', () => {
  const run = new Run(gpus(2, { workers: 2 }), [suite('pair', two), suite('unit')]);
  const decided = run.scheduler.handle({ type: 'run-opened', atMs: 0 });
  const placements = decided.flatMap((event) => (event.type === 'suite-started' ? event.placement : []));
  expect(placements.map(({ suiteId, claim }) => [suiteId, claim.deviceIds])).toEqual([
    ['pair', ['gpu0', 'gpu1']],
    ['unit', ['cpu']],
  ]);
});

test('devices of different machines do not add up', () => {
  const run = new Run([...gpus(1), ...gpus(1, { name: 'other' })], [suite('pair', two)]);
  expect(run.open()).toEqual([
    'pair fail: needs gpu: this machine has cpu; needs 2 gpu at once: local has 1 that will do; ' +
      'needs gpu: this machine has cpu; needs 2 gpu at once: other has 1 that will do',
    'run-ended',
  ]);
});

test('shares of one device do not either', () => {
  const shared = slots({ workers: 4, devices: [{ ...gpu, shares: 2 }] });
  expect(new Run(shared, [suite('pair', two)]).open()[0]).toContain('local has 1 that will do');
});

test('the device that has too little memory left is not taken', () => {
  const run = new Run(
    slots({ workers: 4, devices: [0, 1].map((n) => ({ ...gpu, id: `gpu${n}`, shares: 2 })) }),
    [
      suite('big', { ...one, minMemoryBytes: 4 * GiB, priority: 4 }),
      suite('pair', { ...two, minMemoryBytes: 3 * GiB }),
    ],
  );
  expect(run.open()).toEqual(['big on local/gpu0#1']);
  expect(run.end('big', 'local/gpu0#1')).toEqual(['pair on local/gpu0#1 and local/gpu1#1']);
});

test('a suite that may be degraded makes do with what there is', () => {
  const run = new Run(gpus(1), [suite('pair', { ...two, unsatisfiable: { action: 'degrade' } })]);
  expect(run.open()).toEqual([`pair on ${gpu0} degraded`]);
});

test.each([
  ['first', gpu0],
  ['second', gpu1],
])('with its %s device the suite is lost', (_which, slotId) => {
  const run = new Run(gpus(3), [suite('pair', two)]);
  run.open();
  expect(run.tell({ type: 'slot-down', atMs: 7, slotId, reason: 'it fell off the bus' })).toEqual([
    'pair lost: it fell off the bus',
    'pair requeued: it fell off the bus',
    `pair on ${[gpu0, gpu1, gpu2].filter((id) => id !== slotId).join(' and ')} again`,
  ]);
});

describe('a stream of suites on single devices', () => {
  const singles = Array.from({ length: 200 }, (_, index) => suite(`s${index}`, one));
  const startOf = (suiteId: string, texts: readonly string[]) =>
    texts.find((text) => text.startsWith(`${suiteId} on`));

  test('does not keep it waiting for ever', () => {
    const run = new Run(gpus(2), [...singles.slice(0, 2), suite('pair', two), ...singles.slice(2)]);
    const running = [...run.open()];
    let ended = 0;
    for (; startOf('pair', running) === undefined; ended++) {
      const [suiteId = '', slotId = ''] = running.shift()?.split(' on ') ?? [];
      running.push(...run.end(suiteId, slotId));
    }
    expect(ended).toBeLessThan(60);
  });

  describe('lets it wait where it should end first, though there is room elsewhere', () => {
    /** Two of the singles run on each machine, the pair waits for those of the fast one. */
    const waitingForTheFastOne = () => {
      const machines = ['slow', 'fast'].map((model) =>
        slots({ name: model, workers: 2, devices: [0, 1].map((n) => ({ ...gpu, id: `gpu${n}`, model })) }),
      );
      const run = new Run(
        machines.flat(),
        [...singles.slice(0, 4), suite('pair', two), ...singles.slice(4)],
        {
          estimates: new Estimates([
            { suiteId: 'pair', deviceKind: 'gpu slow', durationMs: 900_000 },
            { suiteId: 'pair', deviceKind: 'gpu fast', durationMs: 60_000 },
          ]),
        },
      );
      const running = [...run.open()];
      const endOn = (machine: string, atMs?: number) => {
        const at = running.findIndex((text) => text.includes(` on ${machine}/`));
        const [suiteId = '', slotId = ''] = running.splice(at, 1)[0]?.split(' on ') ?? [];
        running.push(...run.end(suiteId, slotId, 'passed', 1, atMs));
      };
      for (let ended = 0; ended < 60; ended++) endOn('slow');
      expect(startOf('pair', running)).toBeUndefined();
      return { running, endOn };
    };

    test('until there is room', () => {
      const { running, endOn } = waitingForTheFastOne();
      endOn('fast');
      endOn('fast');
      expect(startOf('pair', running)).toBe('pair on fast/gpu0#1 and fast/gpu1#1');
    });

    test('but not for what runs there for ever', () => {
      const { running, endOn } = waitingForTheFastOne();
      for (let minute = 1; startOf('pair', running) === undefined && minute < 60; minute++)
        endOn('slow', 60_000 * minute);
      expect(startOf('pair', running)).toBe('pair on slow/gpu0#1 and slow/gpu1#1');
    });
  });
});
