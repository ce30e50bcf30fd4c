import fc from 'fast-check';
import type { RunEvent, RunStarted } from '../../../src/core/events.js';
import type { Device } from '../../../src/core/machine/machine.js';
import { readRecord } from '../../../src/record/read.js';
import { type RunSummary, summarise } from '../../../src/report/summary/summary.js';

// The records are written by hand; see fixtures/records/README.md.
const names = ['cpu-only', 'mixed', 'killed', 'cancelled'] as const;
const records = Object.fromEntries(
  names.map((name) => [name, readRecord(`fixtures/records/${name}.jsonl`).events]),
) as Record<(typeof names)[number], readonly RunEvent[]>;

describe('a run where nothing special happened', () => {
  const summary = summarise(records['cpu-only']);

  test('its facts', () => {
    expect(summary).toMatchObject({
      startedAt: '2026-03-02T08:15:00.000Z',
      commit: '4f1c2ab',
      strategy: 'pull',
      state: 'complete',
      makespanMs: 1600,
      counts: { passed: 2, failed: 1, unfinished: 0 },
    });
    expect(summary).not.toHaveProperty('shard');
  });

  test('suites, busy time and utilisation of the device', () => {
    expect(summary.machines[0]?.devices).toMatchObject([
      {
        id: 'cpu',
        type: 'local/cpu',
        slots: 2,
        suites: 3,
        busyMs: 3100,
        utilisation: 3100 / 3200,
        origin: 'detected',
      },
    ]);
  });

  test('the bound: here the longest suite, which started first', () => {
    expect(summary.bound).toEqual({ ms: 1600, ratio: 1, basis: 'measured' });
  });
});

describe('a run where much happened', () => {
  const summary = summarise(records.mixed);

  test('every suite has one outcome', () => {
    expect(Object.fromEntries(summary.suites.map(({ id, outcome }) => [id, outcome]))).toEqual({
      'test/unit.test.ts': 'passed',
      'test/vision/train.test.ts': 'passed',
      'test/vision/large.test.ts': 'unplaceable-failed',
      'test/edge/int8.test.ts': 'unplaceable-skipped',
      'test/edge/wake-word.test.ts': 'passed',
      'test/nlp/embeddings.test.ts': 'flaky',
      'test/nlp/slow.test.ts': 'timed-out',
      'test/typo.test.ts': 'invalid',
      'test/browser.test.ts': 'not-selected',
    });
  });

  test('a lost attempt stands beside the one that followed', () => {
    expect(suite(summary, 'test/nlp/embeddings.test.ts').attempts).toMatchObject([
      { attempt: 1, status: 'lost', heldMs: 2000, cause: expect.stringContaining('SIGKILL') },
      {
        attempt: 2,
        status: 'passed',
        heldMs: 3500,
        executedTests: 3,
        energyJoules: expect.closeTo((3.5 * 65) / 2, 1),
      },
    ]);
  });

  test('an unusable device is listed without slots; a declared one says so', () => {
    expect(summary.machines[0]?.devices).toMatchObject([
      { id: 'cpu', suites: 4, slots: 2 },
      { id: 'gpu0', origin: 'declared', suites: 1, busyMs: 4500, utilisation: 4500 / 9601 },
      { id: 'gpu1', usable: false, slots: 0, suites: 0, utilisation: 0 },
    ]);
    expect(summary.machines[0]?.problems).toHaveLength(1);
  });

  test('what failOn refuses is named: flaky, degraded, and skipped for want of hardware alone', () => {
    expect(summary.refused).toEqual([]);
    const refusing = summarise(withRun(records.mixed, { failOn: ['flaky', 'degraded', 'skipped'] }));
    expect(refusing.refused).toEqual([
      { state: 'flaky', suiteIds: ['test/nlp/embeddings.test.ts'] },
      { state: 'degraded', suiteIds: ['test/edge/wake-word.test.ts'] },
      { state: 'skipped', suiteIds: ['test/edge/int8.test.ts'] },
    ]);
    // test.skip is no want of hardware.
    expect(summarise(withRun(records['cpu-only'], { failOn: ['skipped'] })).refused).toEqual([]);
  });

  test('reasons are one clause a need, and only of devices that come near', () => {
    expect(suite(summary, 'test/vision/large.test.ts').reasons).toEqual([
      'needs 24 GiB on the device: gpu0 (NVIDIA GeForce RTX 4070) has 12 GiB',
    ]);
    expect(suite(summary, 'test/nlp/embeddings.test.ts').reasons).toEqual([
      'killed by SIGKILL at 14.8 GiB of 16 GiB: out of memory, on local/cpu',
    ]);
    expect(suite(summary, 'test/edge/int8.test.ts').reasons).toEqual([
      'needs npu: this machine has cpu, gpu',
    ]);
  });
});

test('a killed run: what ran is told, what was under way is unfinished and held its device until the end', () => {
  const summary = summarise(records.killed);
  expect(summary.state).toBe('unfinished');
  expect(summary.counts).toMatchObject({ passed: 1, 'timed-out': 1, unfinished: 3 });
  expect(suite(summary, 'test/unit.test.ts').attempts).toMatchObject([{ status: 'running', heldMs: 500 }]);
  expect(suite(summary, 'test/nlp/embeddings.test.ts').outcome).toBe('unfinished');
});

test('a cancelled run', () => {
  expect(summarise(records.cancelled)).toMatchObject({
    state: 'cancelled',
    cancelCause: 'bail',
    counts: { failed: 1, cancelled: 1, 'not-started': 1 },
  });
});

describe('requireExecuted', () => {
  const selected = records.mixed.map((event): RunEvent => {
    if (event.type !== 'run-started') return event;
    const { only: _only, ...whole } = event;
    return whole;
  });
  const check = (events: readonly RunEvent[], run: Partial<RunStarted> = {}) => {
    const { missingClasses, unmetRequirements } = summarise(withRun(events, run));
    return { missingClasses, unmetRequirements };
  };

  test('a class whose suites ran only degraded, elsewhere, is missing', () => {
    expect(check(selected)).toEqual({ missingClasses: ['npu'], unmetRequirements: ['npu'] });
  });

  test.each<[string, Partial<RunStarted>]>([
    ['filtered', { filtered: true }],
    ['sharded', { index: 1, total: 2 }],
  ])('a %s run only says so', (_what, run) => {
    expect(check(selected, run)).toEqual({ missingClasses: ['npu'], unmetRequirements: [] });
  });

  test('a run limited to other classes does not miss one that it leaves out', () => {
    expect(check(records.mixed).unmetRequirements).toEqual([]);
    expect(check(records.mixed, { only: ['gpu', 'npu'] }).unmetRequirements).toEqual(['npu']);
  });

  test('a cancelled run only says so', () => {
    const cancelled = [...selected, { atMs: 9700, type: 'run-cancelled', cause: 'interrupt' } as const];
    expect(check(cancelled)).toEqual({ missingClasses: ['npu'], unmetRequirements: [] });
  });

  test('a suite without executed tests does not count', () => {
    const idle = selected.map((event) =>
      event.type === 'suite-ended' && event.slotId.startsWith('local/gpu')
        ? { ...event, executedTests: 0 }
        : event,
    );
    expect(check(idle).unmetRequirements).toEqual(['gpu', 'npu']);
  });

  test('a failing suite executed its tests', () => {
    const failing = selected.map((event) =>
      event.type === 'suite-ended' && event.slotId.startsWith('local/gpu')
        ? { ...event, status: 'failed' as const }
        : event,
    );
    expect(check(failing).unmetRequirements).toEqual(['npu']);
  });

  test('an emulated device proves nothing', () => {
    const emulated = selected.map((event) => withDevice(event, 'gpu0', { software: true }));
    expect(check(emulated).unmetRequirements).toEqual(['gpu', 'npu']);
  });

  test('degraded onto a device of the class does not count', () => {
    const degraded = selected.map((event) =>
      event.type === 'suite-started' && event.placement.slotId.startsWith('local/gpu')
        ? { ...event, placement: { ...event.placement, degraded: true } }
        : event,
    );
    expect(check(degraded).unmetRequirements).toEqual(['gpu', 'npu']);
  });
});

test('a suite that could run on another device makes the bound an assumption', () => {
  const either = records.mixed.map((event) =>
    event.type === 'suite-queued' && event.suite.id === 'test/unit.test.ts'
      ? {
          ...event,
          suite: {
            ...event.suite,
            profile: {
              ...event.suite.profile,
              hardware: [
                { class: 'cpu' as const, count: 1 },
                { class: 'gpu' as const, count: 1 },
              ],
            },
          },
        }
      : event,
  );
  expect(summarise(records.mixed).bound?.basis).toBe('measured');
  expect(summarise(either).bound?.basis).toBe('assumed');
});

test('an attempt on several devices of a machine keeps each of them busy', () => {
  const both = records.mixed.map((event) =>
    event.type === 'suite-started' && event.placement.slotId === 'local/gpu0#1'
      ? {
          ...event,
          placement: { ...event.placement, claim: { ...event.placement.claim, deviceIds: ['gpu0', 'gpu1'] } },
        }
      : event,
  );
  const devices = summarise(both).machines[0]?.devices.filter(({ class: name }) => name === 'gpu');
  expect(devices).toMatchObject([
    { id: 'gpu0', suites: 1, busyMs: 4500 },
    { id: 'gpu1', suites: 1, busyMs: 4500 },
  ]);
});

test('no prefix of a record is too short, and what it says holds together', () => {
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.nat(40), (name, length) => {
      const summary = summarise(records[name].slice(0, length));
      const total = Object.values(summary.counts).reduce((sum, count) => sum + count, 0);
      expect(total).toBe(summary.suites.length);
      expect(summary.bound?.ratio ?? 1).toBeGreaterThanOrEqual(1);
      for (const { utilisation } of summary.machines.flatMap(({ devices }) => devices)) {
        expect(utilisation).toBeGreaterThanOrEqual(0);
        expect(utilisation).toBeLessThanOrEqual(1);
      }
      expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
    }),
  );
});

function suite({ suites }: RunSummary, id: string) {
  const found = suites.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`${id} is missing from the summary.`);
  return found;
}

function withRun(events: readonly RunEvent[], run: Partial<RunStarted>): readonly RunEvent[] {
  return events.map((event) => (event.type === 'run-started' ? { ...event, ...run } : event));
}

function withDevice(event: RunEvent, id: string, change: Partial<Device>): RunEvent {
  const changed = (device: Device) => (device.id === id ? { ...device, ...change } : device);
  if (event.type === 'slot-up')
    return { ...event, slot: { ...event.slot, device: changed(event.slot.device) } };
  if (event.type !== 'machine-known') return event;
  return { ...event, machine: { ...event.machine, devices: event.machine.devices.map(changed) } };
}
