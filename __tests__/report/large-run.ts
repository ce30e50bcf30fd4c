import type { RunEvent } from '../../src/core/events.js';
import type { Device, Slot } from '../../src/core/machine/machine.js';
import { defaultProfile, type WorkloadProfile } from '../../src/core/workload/profile.js';

const gibibyte = 1024 ** 3;
const workers = { cpus: 6, gpus: 2 };

/**
 * Events of a made-up run, as a record holds them: 8 machines with a CPU and two GPUs, on every slot one suite after the
 * other; one suite in 1250 fails. The same count gives the same events.
 */
export function largeRun(suites: number): readonly RunEvent[] {
  const slots = Array.from({ length: 8 }, (_, index) => slotsOf(`machine-${index + 1}`)).flat();
  const gpuSlots = slots.filter(({ device }) => device.class === 'gpu');
  const freeAtMs = new Map<string, number>();
  const queued: RunEvent[] = [];
  const ran: RunEvent[] = [];
  for (let index = 0; index < suites; index++) {
    const id = `packages/package-${index % 97}/src/area-${index % 13}/__tests__/suite-${index}.test.ts`;
    const isGpu = index % 5 === 0;
    const profile = profileOf(index, isGpu);
    queued.push({ type: 'suite-queued', atMs: 10, suite: { id, profile, fileBytes: 1000 + index } });
    const places = isGpu ? gpuSlots : slots;
    const slot = places[index % places.length] as Slot;
    const startMs = freeAtMs.get(slot.id) ?? 100;
    const durationMs = 200 + ((index * 7919) % 3000);
    freeAtMs.set(slot.id, startMs + durationMs + 5);
    ran.push(...attemptOf(id, slot, startMs, durationMs, index));
  }
  ran.sort((a, b) => a.atMs - b.atMs);
  return [
    {
      type: 'run-started',
      atMs: 0,
      version: 1,
      startedAt: '2026-01-01T00:00:00.000Z',
      packageVersion: '0.1.0',
      strategy: 'adaptive',
      filtered: false,
      coverage: false,
      requireExecuted: [],
    },
    ...queued,
    ...slots.map((slot): RunEvent => ({ type: 'slot-up', atMs: 50, slot })),
    { type: 'run-opened', atMs: 100 },
    ...ran,
    { type: 'run-ended', atMs: ran.at(-1)?.atMs ?? 100 },
  ];
}

function slotsOf(name: string): readonly Slot[] {
  const { cpus, gpus } = workers;
  const common = {
    usable: true,
    software: false,
    backends: [],
    precisions: ['fp32'],
    features: [],
    evidence: {},
  } as const;
  const cpu: Device = { ...common, id: 'cpu', class: 'cpu', model: 'AMD EPYC' };
  const gpu = { ...common, class: 'gpu', model: 'NVIDIA L4', memoryBytes: 24 * gibibyte } as const;
  const devices = [
    ...Array.from({ length: cpus }, () => cpu),
    ...Array.from({ length: gpus }, (_, index): Device => ({ ...gpu, id: `gpu${index}` })),
  ];
  return devices.map((device, index) => ({
    id: `${name}/${device.id}#${device.class === 'cpu' ? index + 1 : 1}`,
    type: `${name}/${device.id}`,
    machine: {
      name,
      platform: 'linux',
      arch: 'x64',
      cpuBudget: cpus,
      memoryBudgetBytes: 64 * gibibyte,
    },
    device,
    machineWorkers: cpus + gpus,
    machineCpuThreads: cpus + gpus,
  }));
}

function profileOf(index: number, isGpu: boolean): WorkloadProfile {
  return {
    ...defaultProfile,
    workload: ['general', 'vision', 'nlp', 'audio'][index % 4] ?? 'general',
    hardware: [...(isGpu ? [] : [{ class: 'cpu', count: 1 } as const]), { class: 'gpu', count: 1 }],
  };
}

function attemptOf(
  suiteId: string,
  slot: Slot,
  startMs: number,
  durationMs: number,
  index: number,
): readonly RunEvent[] {
  const placement = {
    suiteId,
    slotId: slot.id,
    claim: {
      deviceIds: [slot.device.id],
      cpuThreads: 1,
      hostMemoryBytes: 1e8,
      deviceMemoryBytes: 0,
      locks: [],
      exclusive: false,
    },
    estimate: {
      durationMs: durationMs + (index % 200),
      hostMemoryBytes: 1e8,
      basis: 'own-device',
      samples: index % 9,
      spread: 0.3,
    },
    degraded: false,
  } as const;
  return [
    { type: 'suite-started', atMs: startMs, placement, attempt: 1 },
    {
      type: 'suite-ended',
      atMs: startMs + durationMs,
      suiteId,
      slotId: slot.id,
      attempt: 1,
      degraded: false,
      status: index % 1250 === 1249 ? 'failed' : 'passed',
      durationMs,
      executedTests: 20,
      peakMemoryBytes: 7e7 + index * 1000,
      cpuMs: durationMs,
    },
  ];
}
