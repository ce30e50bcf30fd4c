import type { Observation } from '../../../src/core/estimate/estimate.js';
import type { Suite } from '../../../src/core/events.js';
import type { Slot } from '../../../src/core/machine/machine.js';
import { type StrategyName, strategies } from '../../../src/core/strategies/index.js';
import { device, gpu, slots, suite } from '../cluster.js';
import { virtualRun } from '../virtual-run.js';

/** What starts at once, in order. */
function firstStarts(
  name: StrategyName,
  fleet: readonly Slot[],
  suites: readonly Suite[],
  history: readonly Observation[] = [],
) {
  const { events } = virtualRun(strategies[name], {
    slots: fleet,
    suites: suites.map((each) => ({ suite: each, atMs: 0 })),
    outcomes: [{ status: 'passed', durationMs: 10 }],
    history,
  });
  return events.flatMap((event) =>
    event.type === 'suite-started' && event.atMs === 0
      ? [`${event.placement.suiteId} on ${event.placement.slotId}`]
      : [],
  );
}

const both = slots({ workers: 3, devices: [{ ...gpu, shares: 1 }, device()] });
const either = {
  hardware: [
    { class: 'gpu', count: 1 },
    { class: 'cpu', count: 1 },
  ],
} as const;
const onlyGpu = { hardware: [{ class: 'gpu', count: 1 }] } as const;
const took = (suiteId: string, device: 'cpu' | 'gpu', durationMs: number) => ({
  suiteId,
  deviceKind: device,
  durationMs,
});

describe('adaptive', () => {
  test('gives the quicker device to the suite that is sensitive to latency', () => {
    const history = ['a', 'b'].flatMap((id) => [took(id, 'gpu', 1000), took(id, 'cpu', 1400)]);
    const fleet = slots({ workers: 2, devices: [{ ...gpu, shares: 1 }, device()] });
    for (const sensitive of ['a', 'b']) {
      const suites = ['a', 'b'].map((id) =>
        suite(id, { ...either, ...(id === sensitive && { sensitivity: 'latency' }) }),
      );
      expect(firstStarts('adaptive', fleet, suites, history)).toContain(`${sensitive} on local/gpu0#1`);
    }
  });
});

test.each(Object.keys(strategies) as StrategyName[])(
  '%s: a higher priority goes first on a machine for one, whatever kinds of slots they need',
  (name) => {
    const fleet = slots({ workers: 1, devices: [{ ...gpu, shares: 1 }, device()] });
    for (const [low, high] of [
      [onlyGpu, {}],
      [{}, onlyGpu],
    ] as const) {
      const suites = [suite('low', { ...low, priority: 1 }), suite('high', { ...high, priority: 5 })];
      expect(firstStarts(name, fleet, suites)).toEqual([expect.stringMatching(/^high on /)]);
    }
  },
);

describe('pull', () => {
  test('uses the lowest slot numbers, beyond nine too', () => {
    const suites = Array.from({ length: 11 }, (_, index) => suite(`s${index}`));
    const used = firstStarts('pull', slots({ workers: 12 }), suites).map((text) => text.split('#')[1]);
    expect(used).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11']);
  });

  test('uses the lowest slot again, in whatever order slots came free', () => {
    const { events } = virtualRun(strategies.pull, {
      slots: slots({ workers: 12 }),
      suites: Array.from({ length: 13 }, (_, index) => ({
        suite: suite(`s${index}`),
        atMs: index < 12 ? 0 : 20,
      })),
      outcomes: [30, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map((durationMs) => ({
        status: 'passed',
        durationMs,
      })),
    });
    const used = events.flatMap((event) => (event.type === 'suite-started' ? [event.placement.slotId] : []));
    expect(used.at(-1)).toBe('local/cpu#2');
  });

  test('takes the device where the suite is fastest', () => {
    const history = [took('a', 'cpu', 900), took('a', 'gpu', 100)];
    expect(firstStarts('pull', both, [suite('a', either)], history)).toEqual(['a on local/gpu0#1']);
  });

  test('spares an accelerator that is not known to be faster', () => {
    expect(firstStarts('pull', both, [suite('a', either)])).toEqual(['a on local/cpu#1']);
  });

  test('starts tensor work on the accelerator, until durations say otherwise', () => {
    const vision = suite('a', { ...either, operations: ['conv2d'] });
    expect(firstStarts('pull', both, [vision])).toEqual(['a on local/gpu0#1']);
    const history = [took('a', 'cpu', 100), took('a', 'gpu', 900)];
    expect(firstStarts('pull', both, [vision], history)).toEqual(['a on local/cpu#1']);
  });

  test('weighs time by power for a suite that is sensitive to it', () => {
    const history = [took('a', 'cpu', 200), took('a', 'gpu', 100)];
    const sensitive = suite('a', { ...either, sensitivity: 'power' });
    expect(firstStarts('pull', both, [sensitive], history)).toEqual(['a on local/cpu#1']);
  });

  test('uses an accelerator rather than wait for a CPU', () => {
    const suites = ['a', 'b', 'c'].map((id) => suite(id, either));
    const one = slots({ workers: 2, cpuBudget: 4, devices: [{ ...device(), shares: 1 }, gpu] });
    expect(firstStarts('pull', [...one.slice(0, 1), ...one.slice(2)], suites)).toEqual([
      'a on local/cpu#1',
      'b on local/gpu0#1',
    ]);
  });

  test('leaves an accelerator to a suite that can only run there, but not to one of lower priority', () => {
    const history = [took('a', 'cpu', 900), took('a', 'gpu', 100)];
    const suites = (priority: number) => [suite('a', either), suite('g', { ...onlyGpu, priority })];
    expect(firstStarts('pull', both, suites(3), history)).toEqual(['a on local/cpu#1', 'g on local/gpu0#1']);
    expect(firstStarts('pull', both, suites(2), history)).toEqual(['a on local/gpu0#1']);
  });
});

describe('adaptive', () => {
  const long = [took('short', 'cpu', 100), took('long', 'cpu', 900), took('middle', 'cpu', 300)];
  const three = ['short', 'long', 'middle'].map((id) => suite(id));

  test('starts what could hold up the run the most', () => {
    const fleet = slots({ workers: 2 });
    expect(firstStarts('adaptive', fleet, three, long)).toEqual([
      'long on local/cpu#1',
      'middle on local/cpu#2',
    ]);
  });

  test('suites that were never measured come before short ones, in the order of queueing', () => {
    const fleet = slots({ workers: 3 });
    const suites = [...three, suite('new'), suite('newer')];
    const [first, ...others] = firstStarts('adaptive', fleet, suites, long);
    expect([first, ...others].map((text) => text?.split(' ')[0])).toEqual(['new', 'newer', 'long']);
  });

  test('what failed last comes first, a higher priority before it', () => {
    const suites = [
      ...three,
      { ...suite('failed'), failedLast: true as const },
      suite('urgent', { priority: 5 }),
    ];
    const history = [...long, took('failed', 'cpu', 1), took('urgent', 'cpu', 1)];
    const started = firstStarts('adaptive', slots({ workers: 2 }), suites, history);
    expect(started.map((text) => text.split(' ')[0])).toEqual(['urgent', 'failed']);
  });

  test('a suite that others would wait for on the GPU goes to the idle CPU, though it is slower there', () => {
    const history = [
      took('a', 'gpu', 260_000),
      took('b', 'gpu', 70_000),
      took('c', 'gpu', 56_000),
      took('c', 'cpu', 268_000),
    ];
    const suites = [suite('a', onlyGpu), suite('b', onlyGpu), suite('c', either)];
    expect(firstStarts('adaptive', both, suites, history)).toEqual(['a on local/gpu0#1', 'c on local/cpu#1']);
  });

  test('devices that share workers are done together, not one after another', () => {
    const cpuSuites = Array.from({ length: 30 }, (_, n) => suite(`c${n}`));
    const gpuSuites = Array.from({ length: 10 }, (_, n) => suite(`g${n}`, onlyGpu));
    const all = [...cpuSuites, ...gpuSuites];
    const { events } = virtualRun(strategies.adaptive, {
      slots: slots({ workers: 4, devices: [device(), device({ id: 'gpu0', class: 'gpu' })] }),
      suites: all.map((each) => ({ suite: each, atMs: 0 })),
      outcomes: all.map(() => ({ status: 'passed', durationMs: 1000 })),
      history: [
        ...cpuSuites.map(({ id }) => took(id, 'cpu', 1000)),
        ...gpuSuites.map(({ id }) => took(id, 'gpu', 1000)),
      ],
    });
    // Forty seconds of work for four workers; one GPU suite after another leaves three for the CPU.
    expect(events.at(-1)?.atMs).toBeLessThanOrEqual(11_000);
  });

  test('waits for the GPU where that ends sooner than starting on the CPU', () => {
    const history = ['a', 'b'].flatMap((id) => [took(id, 'cpu', 9000), took(id, 'gpu', 1000)]);
    const suites = [suite('a', either), suite('b', either)];
    expect(firstStarts('adaptive', both, suites, history)).toEqual(['a on local/gpu0#1']);
  });

  test('but not for ever: a suite that hangs there leaves it to the CPU', () => {
    const history = ['a', 'b'].flatMap((id) => [took(id, 'cpu', 9000), took(id, 'gpu', 1000)]);
    const { events } = virtualRun(strategies.adaptive, {
      slots: both,
      suites: ['a', 'b'].map((id) => ({ suite: suite(id, { ...either, locks: [id] }), atMs: 0 })),
      outcomes: [
        { status: 'passed', durationMs: 600_000 },
        { status: 'passed', durationMs: 9000 },
      ],
      history,
    });
    const second = events.find((event) => event.type === 'suite-started' && event.placement.suiteId === 'b');
    expect(second).toMatchObject({ placement: { slotId: 'local/cpu#1' } });
    expect(second?.atMs).toBeLessThan(90_000);
  });

  test('keeps accelerators for those that need them, where nothing is known', () => {
    const fleet = slots({ workers: 3, devices: [{ ...gpu, shares: 1 }, device()] });
    const suites = [suite('a', either), suite('g', onlyGpu)];
    expect(firstStarts('adaptive', fleet, suites).sort()).toEqual(['a on local/cpu#1', 'g on local/gpu0#1']);
  });

  test.each([
    ['latency', 'gpu0'],
    ['power', 'cpu'],
  ] as const)('a suite sensitive to %s waits for its device', (sensitivity, deviceId) => {
    const history = [
      took('a', 'cpu', 200),
      took('a', 'gpu', 100),
      took('b', 'cpu', 5000),
      took('b', 'gpu', 5000),
    ];
    const one = slots({ workers: 2, devices: [{ ...gpu, shares: 1 }, device()] });
    const { events } = virtualRun(strategies.adaptive, {
      slots: one.filter(({ id }) => !id.endsWith('cpu#2')),
      suites: [suite('a', { ...either, sensitivity })].map((each) => ({ suite: each, atMs: 0 })),
      outcomes: [{ status: 'passed', durationMs: 100 }],
      history,
    });
    const started = events.flatMap((event) => (event.type === 'suite-started' ? event.placement.slotId : []));
    expect(started).toEqual([`local/${deviceId}#1`]);
  });
});

test('power-aware takes the device of least energy, until the time is short', () => {
  const history = ['a', 'b', 'c'].flatMap((id) => [took(id, 'cpu', 3000), took(id, 'gpu', 2000)]);
  const fleet = slots({ workers: 2, devices: [{ ...gpu, shares: 1 }, device()] }).filter(
    ({ id }) => !id.endsWith('cpu#2'),
  );
  const devicesWithin = (finishWithinMs?: number) => {
    const strategy = {
      ...strategies['power-aware'],
      start: () => strategies['power-aware'].start({ finishWithinMs }),
    };
    const { events } = virtualRun(strategy, {
      slots: fleet,
      suites: ['a', 'b', 'c'].map((id) => ({ suite: suite(id, either), atMs: 0 })),
      outcomes: [{ status: 'passed', durationMs: 3000 }],
      history,
    });
    return new Set(
      events.flatMap((event) => (event.type === 'suite-started' ? event.placement.claim.deviceIds : [])),
    );
  };
  expect(devicesWithin()).toEqual(new Set(['cpu']));
  expect(devicesWithin(6500)).toEqual(new Set(['cpu', 'gpu0']));
});

describe('performance-aware', () => {
  const [aSlot] = slots({ workers: 1 });

  test('waits for the device where a suite ends first', () => {
    const history = ['a', 'b'].flatMap((id) => [took(id, 'cpu', 9000), took(id, 'gpu', 1000)]);
    expect(firstStarts('performance-aware', both, [suite('a', either), suite('b', either)], history)).toEqual(
      ['a on local/gpu0#1'],
    );
  });

  test('starts the longest first, the end is left to short ones', () => {
    const history = [took('a', 'cpu', 1000), took('b', 'cpu', 5000)];
    const fleet = aSlot === undefined ? [] : [aSlot];
    expect(firstStarts('performance-aware', fleet, [suite('a'), suite('b')], history)).toEqual([
      'b on local/cpu#1',
    ]);
  });

  test('who has a choice comes behind those that can run on that device alone', () => {
    const picky = ['a', 'b', 'c', 'd', 'e'];
    const history = [
      ...picky.map((id) => took(id, 'gpu', 2000)),
      took('f', 'gpu', 4000),
      took('f', 'cpu', 9000),
    ];
    const suites = [...picky.map((id) => suite(id, onlyGpu)), suite('f', either)];
    expect(firstStarts('performance-aware', both, suites, history)).toEqual([
      'f on local/cpu#1',
      'a on local/gpu0#1',
    ]);
  });
});

test('resource-aware goes where the least is taken', () => {
  const fleet = [
    ...slots({ name: 'small', workers: 2, memoryBudgetBytes: 4e9 }),
    ...slots({ name: 'large', workers: 8 }),
  ];
  const suites = ['a', 'b', 'c', 'd'].map((id) => suite(id, { hostMemoryBytes: 1e9 }));
  const started = firstStarts('resource-aware', fleet, suites).map(
    (text) => text.split(' on ')[1]?.split('/')[0],
  );
  expect(started).toEqual(['large', 'large', 'large', 'small']);
});

test('round-robin gives every slot its turn, though the first is free again', () => {
  const { events } = virtualRun(strategies['round-robin'], {
    slots: slots({ workers: 3 }),
    suites: Array.from({ length: 5 }, (_, index) => ({ suite: suite(`s${index}`), atMs: 10 * index })),
    outcomes: [{ status: 'passed', durationMs: 11 }],
  });
  const used = events.flatMap((event) => (event.type === 'suite-started' ? [event.placement.slotId] : []));
  expect(used.map((slotId) => slotId.split('#')[1])).toEqual(['1', '2', '3', '1', '2']);
});
