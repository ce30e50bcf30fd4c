/** Admission: whether a suite may start on a slot now, beside what is running. */

import type { Rejection } from '../events.js';
import type { MachineState } from '../machine/load.js';
import type { Claim, Slot } from '../machine/machine.js';
import { formatBytes } from '../vocabulary/units.js';
import { deviceName } from './device-name.js';

/** The first filter that keeps a claim off a slot now; undefined when the suite may start there. */
export function nowRejection(slot: Slot, claim: Claim, state: MachineState): Rejection | undefined {
  for (const [filter, refuse] of nowEntries) {
    const reason = refuse(slot, claim, state);
    if (reason !== undefined) return { slotId: slot.id, filter, reason, until: 'now' };
  }
  return undefined;
}

/** Says in one clause why the claim has to wait, until something ends; undefined when it need not. */
type NowFilter = (slot: Slot, claim: Claim, state: MachineState) => string | undefined;

/** What others hold now. */
const nowFilters = {
  'slot-busy': ({ id }, _claim, state) => (state.busySlotIds.has(id) ? `${id} is busy` : undefined),
  workers: ({ machine, machineWorkers }, _claim, state) =>
    state.suites >= machineWorkers ? `all ${machineWorkers} workers of ${machine.name} are busy` : undefined,
  exclusive: ({ machine }, claim, state) => {
    if (state.exclusiveSuites > 0) return `a suite has ${machine.name} for itself`;
    const others = state.suites;
    return claim.exclusive && others > 0
      ? `needs ${machine.name} for itself: ${others} ${others === 1 ? 'suite is' : 'suites are'} running there`
      : undefined;
  },
  lock: (_slot, claim, state) => {
    const held = claim.locks.find((lock) => state.isLocked(lock));
    return held === undefined ? undefined : `needs lock ${held}: another suite holds it`;
  },
  'cpu-threads': ({ machine, machineCpuThreads }, claim, state) =>
    state.cpuThreads + claim.cpuThreads > machineCpuThreads
      ? `needs ${claim.cpuThreads} CPU threads: ${state.cpuThreads} of ${machineCpuThreads} of ${machine.name} are taken`
      : undefined,
  'host-memory': ({ machine }, claim, state) =>
    state.hostMemoryBytes + claim.hostMemoryBytes > machine.memoryBudgetBytes
      ? `needs ${formatBytes(claim.hostMemoryBytes)} of memory: ${formatBytes(state.hostMemoryBytes)} of ` +
        `${formatBytes(machine.memoryBudgetBytes)} of ${machine.name} are taken`
      : undefined,
  'device-shares': ({ device, machineWorkers }, _claim, state) => {
    const shares = device.class === 'cpu' ? machineWorkers : (device.shares ?? 1);
    return state.onDevice(device.id).suites >= shares
      ? `all ${shares} shares of ${deviceName(device)} are busy`
      : undefined;
  },
  turns: ({ device }, _claim, state) =>
    state.onDevice(device.id).suites >= state.mostOnDevice(device.id)
      ? `${deviceName(device)} is in use by others`
      : undefined,
  heat: ({ device, machineWorkers }, _claim, state) => {
    if (!state.isHot(device.id)) return undefined;
    // A hot CPU keeps half of its workers, so that every run makes progress.
    const left = device.class === 'cpu' ? Math.max(1, Math.floor(machineWorkers / 2)) : 0;
    return state.onDevice(device.id).suites >= left ? `${deviceName(device)} is hot` : undefined;
  },
  'device-memory': ({ device }, claim, state) => {
    const { bytes: others, by } = state.takenByOthers(device.id);
    const taken = state.onDevice(device.id).memoryBytes + others;
    const memoryBytes = device.memoryBytes ?? 0;
    return claim.deviceMemoryBytes > 0 && taken + claim.deviceMemoryBytes > memoryBytes
      ? `needs ${formatBytes(claim.deviceMemoryBytes)} on the device: ${formatBytes(taken)} of ` +
          `${formatBytes(memoryBytes)} of ${deviceName(device)} are taken${by === undefined ? '' : `: ${by}`}`
      : undefined;
  },
} satisfies Record<string, NowFilter>;

// Used for every suite at every decision, so the table is turned into a list once.
const nowEntries: readonly (readonly [string, NowFilter])[] = Object.entries(nowFilters);
