import type { DeviceClass } from '../../core/vocabulary/taxonomy.js';
import type { WorkloadProfile } from '../../core/workload/profile.js';
import type { PreparedSuite } from '../suites.js';

/** Device classes that alone are wanted (`JEST_HARDWARE_ONLY`); undefined: all. */
export type OnlyClasses = readonly DeviceClass[] | undefined;

export function isSelected({ hardware }: WorkloadProfile, only: OnlyClasses): boolean {
  return only === undefined || hardware.some((need) => only.includes(need.class));
}

/** Of what a suite asks for, the classes that alone are wanted: a suite for a GPU or a CPU runs on the GPU. */
export function narrowed(prepared: PreparedSuite, only: OnlyClasses): PreparedSuite {
  if (only === undefined || !('suite' in prepared) || !isSelected(prepared.suite.profile, only))
    return prepared;
  const { profile } = prepared.suite;
  const hardware = profile.hardware.filter((need) => only.includes(need.class));
  return { ...prepared, suite: { ...prepared.suite, profile: { ...profile, hardware } } };
}
