import type { Estimate, Suite } from './events.js';
import type { Claim, Slot } from './machine.js';

/**
 * What a suite takes from the machine of a slot while it runs there. CPU threads and host memory never exceed the
 * machine's budget: a suite that is believed to need more claims all of it and so runs alone.
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
