import type { Suite } from '../../src/core/events.js';
import type { Device, MachineFacts, Slot } from '../../src/core/machine/machine.js';
import { slotsOf } from '../../src/core/machine/machine.js';
import type { WorkloadProfile } from '../../src/core/workload/profile.js';

export const GiB = 1024 ** 3;

/** A profile that asks for nothing but a CPU. */
export function profile(overrides: Partial<WorkloadProfile> = {}): WorkloadProfile {
  return {
    workload: 'general',
    hardware: [{ class: 'cpu', count: 1 }],
    backends: [],
    features: [],
    precisions: [],
    operations: [],
    minMemoryBytes: 0,
    batchSizes: [],
    priority: 3,
    exclusive: false,
    locks: [],
    ...overrides,
  };
}

export function suite(id: string, overrides: Partial<WorkloadProfile> = {}, fileBytes = 0): Suite {
  return { id, profile: profile(overrides), fileBytes };
}

export function device(overrides: Partial<Device> = {}): Device {
  return {
    id: 'cpu',
    class: 'cpu',
    usable: true,
    software: false,
    backends: [],
    precisions: ['fp64', 'fp32'],
    features: [],
    evidence: {},
    ...overrides,
  };
}

export interface MachineShape extends Partial<MachineFacts> {
  readonly workers?: number;
  readonly devices?: readonly Device[];
}

export function slots({ workers = 2, devices = [device()], ...facts }: MachineShape = {}): readonly Slot[] {
  const machine = {
    name: 'local',
    platform: 'linux',
    arch: 'x64',
    cpuBudget: workers,
    memoryBudgetBytes: 8 * GiB,
    ...facts,
  };
  return slotsOf({ version: 1, machine, devices, problems: [] }, workers);
}

export const gpu: Device = device({
  id: 'gpu0',
  class: 'gpu',
  memoryBytes: 6 * GiB,
  backends: ['cuda'],
  precisions: ['fp32', 'fp16'],
  features: ['tensor-cores'],
});
