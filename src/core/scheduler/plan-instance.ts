import type { Suite } from '../events.js';
import { kindOf, type Slot } from '../machine/machine.js';
import type { PlanInstance, PlanMachine, PlanPool } from '../planner/instance.js';
import { deviceCountOf } from './claim.js';

/** What the slots of a machine share. */
export function planMachineOf({ machine, machineWorkers, machineCpuThreads }: Slot): PlanMachine {
  return {
    name: machine.name,
    workers: machineWorkers,
    cpuThreads: machineCpuThreads,
    memoryBytes: machine.memoryBudgetBytes,
  };
}

/** Slots and suites as an instance for the planner, with the way back from its indices to slots. */
export interface StatedInstance {
  readonly instance: PlanInstance;
  /** Slots by index of the pool and number within it. */
  readonly slots: readonly (readonly Slot[])[];
}

/**
 * Equal devices of one machine become one pool, so that a suite may take several of them at once.
 * @param durationMs Of a suite on a slot; infinite: it cannot run there.
 */
export function planInstanceOf(
  slots: readonly Slot[],
  suites: readonly Suite[],
  durationMs: (suite: Suite, slot: Slot) => number,
): StatedInstance {
  const machines = new Map<string, PlanMachine>();
  const groups = new Map<string, Slot[]>();
  for (const slot of slots) {
    const { machine, device } = slot;
    machines.set(machine.name, planMachineOf(slot));
    const key = JSON.stringify([
      machine.name,
      kindOf(device),
      device.memoryBytes,
      device.backends,
      device.shares,
    ]);
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(slot);
  }
  const indexOf = new Map([...machines.keys()].map((name, index) => [name, index]));
  const groupList = [...groups.values()];
  const pools = groupList.map((members): PlanPool => {
    const [{ device, machine, type }] = members as [Slot];
    const devices = new Set(members.map((slot) => slot.device.id)).size;
    return {
      name: type,
      machine: indexOf.get(machine.name) ?? 0,
      slots: members.length,
      slotsPerDevice: Math.max(1, Math.floor(members.length / devices)),
      deviceMemoryBytes: device.memoryBytes ?? machine.memoryBudgetBytes,
    };
  });
  return {
    slots: groupList,
    instance: {
      machines: [...machines.values()],
      pools,
      suites: suites.map((suite) => {
        const { profile } = suite;
        const durations = groupList.map(([slot]) =>
          slot ? durationMs(suite, slot) : Number.POSITIVE_INFINITY,
        );
        const runsOn = groupList[durations.findIndex(Number.isFinite)]?.[0]?.device.class ?? 'cpu';
        const onDevice = runsOn !== 'cpu';
        return {
          id: suite.id,
          durationMs: durations,
          hostMemoryBytes: profile.hostMemoryBytes ?? (onDevice ? 0 : profile.minMemoryBytes),
          deviceMemoryBytes: onDevice ? profile.minMemoryBytes : 0,
          cpuThreads: profile.cpuThreads ?? 1,
          devices: deviceCountOf(profile, runsOn),
          locks: profile.locks,
          exclusive: profile.exclusive,
          priority: profile.priority,
        };
      }),
    },
  };
}
