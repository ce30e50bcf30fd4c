import fc from 'fast-check';
import { deviceFaultKinds, type Suite } from '../../src/core/events.js';
import { type Device, type Slot, slotsOf } from '../../src/core/machine/machine.js';
import type { WorkloadProfile } from '../../src/core/workload/profile.js';
import { device, GiB, gpu, profile } from './cluster.js';
import type { Script } from './virtual-run.js';

const often = <T>(value: T, rarely: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: rarely });

const accelerators: fc.Arbitrary<Device[]> = fc.subarray([
  { ...gpu, shares: 2 },
  { ...gpu, id: 'gpu1', software: true },
  { ...gpu, id: 'gpu2' },
  device({ id: 'npu0', class: 'npu', precisions: ['int8'] }),
]);

/** One to three machines; none may have no slot. */
export const fleets: fc.Arbitrary<readonly Slot[]> = fc
  .array(
    fc.record({
      workers: fc.integer({ min: 1, max: 4 }),
      cpuBudget: fc.constantFrom(1, 1.5, 4),
      memoryGiB: fc.constantFrom(4, 8),
      leadMs: often(0, fc.constantFrom(1, 10, 100)),
      devices: fc
        .tuple(fc.boolean(), accelerators)
        .map(([hasCpu, more]) => [...(hasCpu ? [device()] : []), ...more]),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((machines) =>
    machines.flatMap(({ workers, cpuBudget, memoryGiB, leadMs, devices }, index) => {
      const facts = {
        name: `m${index}`,
        platform: 'linux',
        arch: 'x64',
        cpuBudget,
        memoryBudgetBytes: memoryGiB * GiB,
      };
      const here = slotsOf({ version: 1, machine: facts, devices, problems: [] }, workers);
      return leadMs === 0 ? here : here.map((slot) => ({ ...slot, leadMs }));
    }),
  );

const hardware = fc.constantFrom<WorkloadProfile['hardware']>(
  [{ class: 'cpu', count: 1 }],
  [{ class: 'cpu', count: 1 }],
  [{ class: 'gpu', count: 1 }],
  [
    { class: 'gpu', count: 1 },
    { class: 'cpu', count: 1 },
  ],
  [{ class: 'npu', count: 1 }],
  [{ class: 'gpu', count: 2 }],
);

export const profiles: fc.Arbitrary<WorkloadProfile> = fc
  .record(
    {
      hardware,
      backends: often<WorkloadProfile['backends']>([], fc.constant(['cuda'])),
      precisions: often<WorkloadProfile['precisions']>([], fc.constant(['fp16', 'int8'])),
      minMemoryBytes: often(0, fc.constantFrom(2 * GiB, 5 * GiB, 20 * GiB)),
      hostMemoryBytes: fc.constantFrom(GiB, 5 * GiB, 8 * GiB),
      cpuThreads: fc.constantFrom(1, 2, 64),
      priority: fc.integer({ min: 1, max: 5 }),
      exclusive: often(false, fc.constant(true)),
      locks: often<string[]>([], fc.subarray(['a', 'b'])),
      unsatisfiable: fc.constantFrom<NonNullable<WorkloadProfile['unsatisfiable']>>(
        { action: 'fail' },
        { action: 'skip' },
        { action: 'degrade' },
        { action: 'wait', waitMs: 40 },
      ),
    },
    { requiredKeys: ['hardware'] },
  )
  .map(profile);

const suites: fc.Arbitrary<Suite> = fc.record({
  id: fc.constant(''),
  profile: profiles,
  fileBytes: fc.integer({ min: 0, max: 5000 }),
});

const ending = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ status: 'passed' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ status: fc.constantFrom('failed', 'lost', 'skipped', 'timed-out') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      status: fc.constantFrom('failed', 'lost'),
      deviceFault: fc.constantFrom(...deviceFaultKinds).map((kind) => ({ kind, evidence: 'E' })),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ status: 'lost' as const, infrastructure: true as const }) },
);

const outcome = fc
  .record({
    ending,
    // Rarely far longer than any history says: then a second attempt may come.
    durationMs: often(20, fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 5000, max: 30_000 }))),
  })
  .map(({ ending: ended, durationMs }) => ({ ...ended, durationMs }));

const moment = fc.integer({ min: 0, max: 200 });
const losses = fc.array(
  fc.record({ slot: fc.nat(20), atMs: moment, backAtMs: moment }, { requiredKeys: ['slot', 'atMs'] }),
  {
    maxLength: 4,
  },
);

const links = fc.array(
  fc.record({ slot: fc.nat(20), atMs: moment, leadMs: fc.constantFrom(1, 10, 100, 1000) }),
  { maxLength: 4 },
);

/**
 * Everything at once: odd fleets, suites that come late, failures, lost slots, ways that change, a cancelled run.
 */
export const scriptsOf = (least: number, most: number): fc.Arbitrary<Script> =>
  fc
    .record(
      {
        slots: fleets,
        queue: fc.array(fc.record({ suite: suites, atMs: often(0, moment) }), {
          minLength: least,
          maxLength: most,
        }),
        outcomes: fc.array(outcome, { minLength: 1, maxLength: 20 }),
        losses: often([], losses),
        links: often([], links),
        cancelAtMs: moment,
        retryLost: fc.boolean(),
        history: fc.array(
          fc.record({
            suite: fc.nat(most),
            deviceKind: fc.constantFrom('cpu', 'gpu', 'npu'),
            durationMs: fc.integer({ min: 1, max: 2000 }),
          }),
          { maxLength: 12 },
        ),
      },
      { requiredKeys: ['slots', 'queue', 'outcomes'] },
    )
    .map(({ queue, history = [], ...script }) => ({
      ...script,
      history: history.map(({ suite, ...seen }) => ({ suiteId: `s${suite}`, ...seen })),
      suites: queue.map(({ suite, atMs }, index) => ({ suite: { ...suite, id: `s${index}` }, atMs })),
    })) as fc.Arbitrary<Script>;
