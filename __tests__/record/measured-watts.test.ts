import type { RunEvent } from '../../src/core/events.js';
import { slotsOf } from '../../src/core/machine/machine.js';
import { wattsOf } from '../../src/core/machine/suitability.js';
import { withMeasuredWatts, withRun } from '../../src/record/measured-watts.js';
import { device, GiB, gpu } from '../core/cluster.js';

const machine = {
  version: 1 as const,
  machine: { name: 'box', platform: 'linux', arch: 'x64', cpuBudget: 2, memoryBudgetBytes: GiB },
  devices: [device(), { ...gpu, model: 'L4', ratedWatts: 72 }],
  problems: [],
};

interface Held {
  readonly fromMs: number;
  readonly toMs: number;
  readonly energyJoules?: Readonly<Record<string, number>>;
}

/** A run whose suites held the CPU. */
function runOf(...suites: readonly Held[]): readonly RunEvent[] {
  const slots = slotsOf(machine, 2);
  const slotId = 'box/cpu#1';
  const claim = {
    deviceIds: ['cpu'],
    cpuThreads: 1,
    hostMemoryBytes: 0,
    deviceMemoryBytes: 0,
    locks: [],
    exclusive: false,
  };
  const estimate = { durationMs: 1, hostMemoryBytes: 0, basis: 'default', samples: 0, spread: 1 } as const;
  return [
    ...slots.map((slot): RunEvent => ({ atMs: 0, type: 'slot-up', slot })),
    ...suites.flatMap(({ fromMs, toMs, energyJoules }, index): RunEvent[] => {
      const suiteId = `${index}.test.js`;
      const placement = { suiteId, slotId, claim, estimate, degraded: false };
      return [
        { atMs: fromMs, type: 'suite-started', attempt: 1, placement },
        {
          atMs: toMs,
          type: 'suite-ended',
          suiteId,
          slotId,
          attempt: 1,
          status: 'passed',
          degraded: false,
          durationMs: toMs - fromMs,
          ...(energyJoules && { energyJoules }),
        },
      ];
    }),
  ];
}

test('the energy measured over the time in which a suite was, however many at once', () => {
  const events = runOf(
    { fromMs: 0, toMs: 2000, energyJoules: { cpu: 60 } },
    { fromMs: 1000, toMs: 3000, energyJoules: { cpu: 60 } },
    { fromMs: 3000, toMs: 9000 },
    { fromMs: 5000, toMs: 6000, energyJoules: { cpu: 40, gpu0: 90 } },
  );
  expect(withRun(new Map(), events)).toEqual(
    new Map([
      ['cpu', 40],
      ['gpu L4', 90],
    ]),
  );
});

test('later runs move it, short ones and those that measured nothing do not', () => {
  const before = new Map([['cpu', 40]]);
  expect(withRun(before, runOf({ fromMs: 0, toMs: 1000, energyJoules: { cpu: 50 } }))).toEqual(
    new Map([['cpu', 43]]),
  );
  expect(withRun(before, runOf({ fromMs: 0, toMs: 900, energyJoules: { cpu: 500 } }))).toEqual(before);
  expect(withRun(before, runOf({ fromMs: 0, toMs: 9000, energyJoules: { cpu: 0 } }))).toEqual(before);
});

test('what a device drew counts before what it is rated for, what is declared before both', () => {
  const watts = new Map([['gpu L4', 31.5]]);
  const { devices } = withMeasuredWatts(machine, watts);
  expect(devices.map(wattsOf)).toEqual([65, 31.5]);
  const declared = { ...machine, devices: machine.devices.map((each) => ({ ...each, measuredWatts: 20 })) };
  expect(withMeasuredWatts(declared, watts).devices.map(wattsOf)).toEqual([20, 20]);
});
