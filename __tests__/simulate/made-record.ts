import type { RunEvent, Suite } from '../../src/core/events.js';
import type { Device, Machine, Slot } from '../../src/core/machine/machine.js';
import { slotsOf } from '../../src/core/machine/machine.js';
import { defaultProfile, type WorkloadProfile } from '../../src/core/workload/profile.js';

const gib = 1024 ** 3;

export interface MadeSuite {
  readonly id: string;
  readonly ms: number;
  readonly profile?: Partial<WorkloadProfile>;
  /** Default: the first machine that has such a device. */
  readonly machine?: string;
}

export function madeMachine(
  name: string,
  { cpuBudget = 4, gpus = 0 }: { readonly cpuBudget?: number; readonly gpus?: number } = {},
): Machine {
  const common = { usable: true, software: false, backends: [], precisions: [], features: [], evidence: {} };
  const devices: Device[] = [{ ...common, id: 'cpu', class: 'cpu', memoryBytes: 16 * gib }];
  for (let at = 0; at < gpus; at++) {
    devices.push({ ...common, id: `gpu${at}`, class: 'gpu', model: 'NVIDIA L4', memoryBytes: 24 * gib });
  }
  const machine = { name, platform: 'linux', arch: 'x64', cpuBudget, memoryBudgetBytes: 16 * gib };
  return { version: 1, machine, devices, problems: [] };
}

/** The record of a run in which each suite took its time, one after another on the first slot of its class. */
export function madeRecord(
  machines: readonly Machine[],
  suites: readonly MadeSuite[],
  workers = 2,
): readonly RunEvent[] {
  const slots = machines.flatMap((machine) => slotsOf(machine, workers));
  const queued = suites.map(
    ({ id, profile }): Suite => ({ id, fileBytes: 1, profile: { ...defaultProfile, ...profile } }),
  );
  let atMs = 0;
  const ran = queued.flatMap((suite, index): RunEvent[] => {
    const slot = slots.find(
      ({ device, machine }) =>
        machine.name === (suites[index]?.machine ?? machine.name) &&
        suite.profile.hardware.some((need) => need.class === device.class),
    ) as Slot;
    const durationMs = suites[index]?.ms ?? 1;
    const startedAtMs = atMs;
    atMs += durationMs;
    const estimate = {
      durationMs,
      hostMemoryBytes: 0,
      basis: 'own-device',
      samples: 5,
      spread: 0.3,
    } as const;
    const claim = {
      deviceIds: [slot.device.id],
      cpuThreads: 1,
      hostMemoryBytes: 0,
      deviceMemoryBytes: 0,
      locks: [],
      exclusive: false,
    };
    const placement = { suiteId: suite.id, slotId: slot.id, claim, estimate, degraded: false };
    return [
      { type: 'suite-started', atMs: startedAtMs, attempt: 1, placement },
      {
        type: 'suite-ended',
        atMs,
        suiteId: suite.id,
        slotId: slot.id,
        attempt: 1,
        status: 'passed',
        degraded: false,
        durationMs,
        executedTests: 1,
      },
    ];
  });
  return [
    {
      type: 'run-started',
      atMs: 0,
      version: 1,
      startedAt: '2026-11-28T10:00:00.000Z',
      packageVersion: '0.1.0',
      strategy: 'adaptive',
      filtered: false,
      coverage: false,
      requireExecuted: [],
    },
    ...machines.map((machine): RunEvent => ({ type: 'machine-known', atMs: 0, machine })),
    ...slots.map((slot): RunEvent => ({ type: 'slot-up', atMs: 0, slot })),
    ...queued.map((suite): RunEvent => ({ type: 'suite-queued', atMs: 0, suite })),
    { type: 'run-opened', atMs: 0 },
    ...ran,
    { type: 'run-ended', atMs },
  ];
}
