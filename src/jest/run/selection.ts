import type { DeviceClass } from '../../core/vocabulary/taxonomy.js';
import type { WorkloadProfile } from '../../core/workload/profile.js';
import type { PreparedSuite } from '../suites.js';

/** The device classes to which `JEST_HARDWARE_ONLY` limits the run; undefined: all classes. */
export type OnlyClasses = readonly DeviceClass[] | undefined;

export function isSelected({ hardware }: WorkloadProfile, only: OnlyClasses): boolean {
  return only === undefined || hardware.some((need) => only.includes(need.class));
}

/** The suite without the classes that are left out: with only `gpu`, a suite for `gpu, cpu` must run on a GPU. */
export function narrowed(prepared: PreparedSuite, only: OnlyClasses): PreparedSuite {
  if (only === undefined || !('suite' in prepared) || !isSelected(prepared.suite.profile, only))
    return prepared;
  const { profile } = prepared.suite;
  const hardware = profile.hardware.filter((need) => only.includes(need.class));
  return { ...prepared, suite: { ...prepared.suite, profile: { ...profile, hardware } } };
}
