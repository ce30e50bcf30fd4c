import type { Suite } from '../events.js';
import { type Claim, deviceKindOf, type Slot } from '../machine/machine.js';
import type { PlanInstance, PlanMachine, PlanPool, PlanSuite } from '../planner/instance.js';
import type { DeviceClass } from '../vocabulary/taxonomy.js';
import { deviceCountOf } from './claim.js';

/** Slots and suites as an instance for the planner, with the way back from its indices to slots. */
export interface StatedInstance {
  readonly instance: PlanInstance;
  /** Slots by index of the pool and number within it. */
  readonly slots: readonly (readonly Slot[])[];
}

/**
 * Equal devices of one machine become one pool of the instance, so that a suite may take several of them at once.
 * @param durationMs Of a suite on a slot; infinite: it cannot run there.
 */
export function planInstanceOf(
  slots: readonly Slot[],
  suites: readonly Suite[],
  durationMs: (suite: Suite, slot: Slot) => number,
): StatedInstance {
  const machines = new Map(slots.map((slot) => [slot.machine.name, planMachineOf(slot)]));
  const machineIndex = new Map([...machines.keys()].map((name, index) => [name, index]));
  const slotsByPool = equalSlots(slots);
  const pools = slotsByPool.map((members): PlanPool => {
    const [{ device, machine, type }] = members;
    const devices = new Set(members.map((slot) => slot.device.id)).size;
    return {
      name: type,
      machine: machineIndex.get(machine.name) ?? 0,
      slots: members.length,
      slotsPerDevice: Math.max(1, Math.floor(members.length / devices)),
      deviceMemoryBytes: device.memoryBytes ?? machine.memoryBudgetBytes,
    };
  });
  return {
    slots: slotsByPool,
    instance: {
      machines: [...machines.values()],
      pools,
      suites: suites.map((suite) => {
        const durations = slotsByPool.map(([slot]) => durationMs(suite, slot));
        const runsOn = slotsByPool[durations.findIndex(Number.isFinite)]?.[0].device.class ?? 'cpu';
        return planSuiteOf(suite, runsOn, declaredClaimOf(suite, runsOn), durations);
      }),
    },
  };
}

/** What the slots of a machine share. */
export function planMachineOf({ machine, machineWorkers, machineCpuThreads }: Slot): PlanMachine {
  return {
    name: machine.name,
    workers: machineWorkers,
    cpuThreads: machineCpuThreads,
    memoryBytes: machine.memoryBudgetBytes,
  };
}

/**
 * A suite of the instance.
 * @param durationMs By index of the pool; infinite: it cannot run there.
 */
export function planSuiteOf(
  { id, profile }: Suite,
  deviceClass: DeviceClass,
  claim: Omit<Claim, 'deviceIds'>,
  durationMs: readonly number[],
): PlanSuite {
  return {
    id,
    durationMs,
    hostMemoryBytes: claim.hostMemoryBytes,
    deviceMemoryBytes: claim.deviceMemoryBytes,
    cpuThreads: claim.cpuThreads,
    devices: deviceCountOf(profile, deviceClass),
    locks: claim.locks,
    exclusive: claim.exclusive,
    priority: profile.priority,
  };
}

function equalSlots(slots: readonly Slot[]): readonly (readonly [Slot, ...Slot[]])[] {
  const byKey = new Map<string, [Slot, ...Slot[]]>();
  for (const slot of slots) {
    const { machine, device } = slot;
    const key = JSON.stringify([
      machine.name,
      deviceKindOf(device),
      device.memoryBytes,
      device.backends,
      device.shares,
    ]);
    const equal = byKey.get(key);
    if (equal) equal.push(slot);
    else byKey.set(key, [slot]);
  }
  return [...byKey.values()];
}

/** What the profile alone says, without what was learned. A figure above the budget stays: the suite then runs nowhere. */
function declaredClaimOf({ profile }: Suite, deviceClass: DeviceClass): Omit<Claim, 'deviceIds'> {
  const onCpu = deviceClass === 'cpu';
  const { minMemoryBytes, hostMemoryBytes, cpuThreads = 1, locks, exclusive } = profile;
  return {
    cpuThreads,
    hostMemoryBytes: hostMemoryBytes ?? (onCpu ? minMemoryBytes : 0),
    deviceMemoryBytes: onCpu ? 0 : minMemoryBytes,
    locks,
    exclusive,
  };
}
