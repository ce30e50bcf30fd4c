import type { Estimate, Suite } from '../events.js';
import type { Claim, Slot } from '../machine/machine.js';
import type { DeviceClass } from '../vocabulary/taxonomy.js';
import type { WorkloadProfile } from '../workload/profile.js';

/** How many devices of a class, all of one machine, a suite takes at once: the fewest that one of its alternatives asks for. */
export function deviceCountOf({ hardware }: WorkloadProfile, deviceClass: DeviceClass): number {
  let least = Number.POSITIVE_INFINITY;
  // Asked for every suite at every decision: no lists.
  for (const need of hardware) if (need.class === deviceClass && need.count < least) least = need.count;
  return least === Number.POSITIVE_INFINITY ? 1 : least;
}

/**
 * What a suite takes from the machine of a slot while it runs there. CPU threads and host memory never exceed the
 * machine's budget: a suite that is believed to need more claims all of it and so runs alone.
 * Of several devices it names that of the slot alone; the others are chosen when it starts.
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
