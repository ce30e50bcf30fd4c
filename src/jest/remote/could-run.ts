import { type Machine, type Slot, slotsToOffer } from '../../core/machine/machine.js';
import { deviceCountOf } from '../../core/scheduler/claim.js';
import { neverRejection } from '../../core/scheduler/feasibility.js';
import type { WorkloadProfile } from '../../core/workload/profile.js';

/**
 * Whether a suite with any of the profiles could run on the machine some time.
 * @param machine As it says of itself, unchecked.
 * @param workers See `slotsToOffer`.
 */
export function couldRunAny(
  machine: Machine,
  workers: number | undefined,
  profiles: readonly WorkloadProfile[],
): boolean {
  try {
    const slots = slotsToOffer(machine, workers);
    // Suites are many, and what they need is not.
    const needs = new Map(
      profiles.map((profile) => [JSON.stringify({ ...profile, priority: 0, locks: [] }), profile]),
    );
    return [...needs.values()].some((profile) => couldRun(profile, slots));
  } catch {
    // What it really is comes out when it joins.
    return true;
  }
}

function couldRun(profile: WorkloadProfile, slots: readonly Slot[]): boolean {
  const suite = { id: '', profile, fileBytes: 0 };
  const isDegraded = profile.unsatisfiable?.action === 'degrade';
  const able = slots.filter((slot) => neverRejection(suite, slot, isDegraded) === undefined);
  return able.some(({ device }) => {
    const alike = able.filter((other) => other.device.class === device.class);
    return new Set(alike.map((other) => other.device.id)).size >= deviceCountOf(profile, device.class);
  });
}
