import type { Estimate, Suite } from '../events.js';
import type { Claim, Slot } from '../machine/machine.js';
import type { DeviceClass } from '../vocabulary/taxonomy.js';
import type { WorkloadProfile } from '../workload/profile.js';

/** How many devices of a class, all of one machine, a suite takes at once: the fewest that one of its alternatives asks for. */
export function deviceCountOf({ hardware }: WorkloadProfile, deviceClass: DeviceClass): number {
  let least = Number.POSITIVE_INFINITY;
  // Called for every suite at every decision, so it builds no lists.
  for (const need of hardware) if (need.class === deviceClass && need.count < least) least = need.count;
  return least === Number.POSITIVE_INFINITY ? 1 : least;
}

/**
 * What a suite takes from the slot's machine while it runs there: its resource demand. CPU threads and host memory never
 * exceed the machine's budget: a suite that should need more claims the whole budget and so runs alone.
 * The claim names only the slot's own device; further devices (`gpu:2`) are chosen when the suite starts.
 */
export function claimOf(suite: Suite, slot: Slot, estimate: Estimate): Claim {
  const { profile } = suite;
  const onCpu = slot.device.class === 'cpu';
  const learned = estimate.hostMemoryBytes;
  const hostMemoryBytes =
    profile.hostMemoryBytes ?? (onCpu ? Math.max(profile.minMemoryBytes, learned) : learned);
  return {
    deviceIds: [slot.device.id],
    cpuThreads: Math.min(profile.cpuThreads ?? 1, slot.machineCpuThreads),
    hostMemoryBytes: Math.min(hostMemoryBytes, slot.machine.memoryBudgetBytes),
    deviceMemoryBytes: onCpu ? 0 : profile.minMemoryBytes,
    locks: profile.locks,
    exclusive: profile.exclusive,
  };
}
