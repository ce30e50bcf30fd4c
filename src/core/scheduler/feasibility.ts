/** Feasibility: whether a suite can ever run on a slot, whatever else is running there. */

import type { Rejection, Suite } from '../events.js';
import { type Device, deviceKindOf, type Slot } from '../machine/machine.js';
import { isLookedFor, isLookedForSomewhere, type Vocabulary } from '../machine/word-detection.js';
import { formatBytes } from '../vocabulary/units.js';
import type { WorkloadProfile } from '../workload/profile.js';
import { deviceName } from './device-name.js';

/** Name of the filter for words that nothing detects on the slot's system. */
export const notLookedFor = 'not looked for';

/** Says in one clause why the suite cannot run on slots like this one; undefined when it can. */
type NeverFilter = (suite: Suite, slot: Slot) => string | undefined;
/** A filter that reads the device alone, and the machine's platform where it is given. */
type DeviceFilter = (
  suite: Pick<Suite, 'profile'>,
  slot: Pick<Slot, 'device'> & Partial<Pick<Slot, 'machine'>>,
) => string | undefined;

/** What the suite asks of a device. The policy `degrade` sets these aside. */
const requirementFilters = {
  // First, because until a machine file declares the word, no other machine of this platform has it either.
  [notLookedFor]: ({ profile }, { device, machine }) => {
    if (machine === undefined) return undefined;
    const { hardware, backends, features, precisions } = profile;
    const isUnknown = (vocabulary: Vocabulary) => (word: string) =>
      !isLookedFor(vocabulary, word, machine.platform);
    const classes = hardware.map((alternative) => alternative.class);
    const words = [
      ...(classes.includes(device.class) ? [] : allOf(classes, isUnknown('class'))),
      ...backends.filter((word) => !device.backends.includes(word) && isUnknown('backend')(word)),
      ...features.filter((word) => !device.features.includes(word) && isUnknown('feature')(word)),
      ...(precisions.some((word) => device.precisions.includes(word))
        ? []
        : allOf(precisions, isUnknown('precision'))),
    ];
    if (words.length === 0) return undefined;
    const list = words.join(' and ');
    const where = words.some(isLookedForSomewhere) ? `on ${machine.platform} ` : '';
    const [verb, it] = words.length === 1 ? ['is', 'it'] : ['are', 'them'];
    return `needs ${list}: ${where}${list} ${verb} not looked for: declare ${it} in a machine file`;
  },
  class: ({ profile: { hardware } }, { device }) =>
    hardware.some((alternative) => alternative.class === device.class)
      ? undefined
      : `needs ${either(hardware.map((alternative) => alternative.class))}: this machine has ${device.class}`,
  backend: ({ profile }, { device }) => lacking(profile.backends, device.backends, device),
  // A suite that asks for any GPU means one that every process can use, not a browser's adapter.
  adapter: ({ profile: { backends, features } }, { device }) =>
    device.architecture === 'gpu-webgpu' &&
    // Only a browser has a canvas.
    !features.includes('canvas') &&
    !backends.some((backend) => device.backends.includes(backend))
      ? `needs @backend ${either(device.backends)}: ${deviceName(device)} has nothing else`
      : undefined,
  software: ({ profile }, { device }) =>
    device.software && profile.softwareAdapter !== true
      ? `needs a real ${device.class}: ${deviceName(device)} is emulated on the CPU, which @software-adapter allows`
      : undefined,
  feature: ({ profile }, { device }) => lacking(profile.features, device.features, device),
  precision: ({ profile: { precisions } }, { device }) =>
    precisions.length === 0 || precisions.some((precision) => device.precisions.includes(precision))
      ? undefined
      : `needs ${either(precisions)}: ${deviceName(device)} has ${device.precisions.join(', ') || 'none known'}`,
} satisfies Record<string, DeviceFilter>;

/** Capacities that the suite exceeds. No policy sets these aside. */
const capacityFilters = {
  'expected-duration': ({ expectedMs }, { device }) =>
    expectedMs === undefined || Object.hasOwn(expectedMs, deviceKindOf(device))
      ? undefined
      : `has expected durations for ${Object.keys(expectedMs).join(', ') || 'no device'}: none for ${deviceKindOf(device)}`,
  'device-memory': ({ profile: { minMemoryBytes } }, { device, machine }) => {
    if (minMemoryBytes === 0) return undefined;
    const memoryBytes =
      device.memoryBytes ?? (device.class === 'cpu' ? machine.memoryBudgetBytes : undefined);
    const need = `needs ${formatBytes(minMemoryBytes)} on the device`;
    if (memoryBytes === undefined) {
      return `${need}: memory of ${deviceName(device)} is unknown, declare memoryBytes of ${device.id} in a machine file`;
    }
    return minMemoryBytes > memoryBytes
      ? `${need}: ${deviceName(device)} has ${formatBytes(memoryBytes)}`
      : undefined;
  },
  // Only declared memory refuses a suite for ever, as learned memory may be wrong.
  'host-memory': ({ profile: { hostMemoryBytes = 0 } }, { machine }) =>
    hostMemoryBytes > machine.memoryBudgetBytes
      ? `needs ${formatBytes(hostMemoryBytes)} of memory: ${machine.name} has ${formatBytes(machine.memoryBudgetBytes)}`
      : undefined,
} satisfies Record<string, NeverFilter>;

/**
 * The first filter that keeps the suite off every slot of this slot's pool; undefined when it can run there some time.
 * @param degraded Whether what the suite asks of the device is set aside. Capacities still count.
 */
export function neverRejection(suite: Suite, slot: Slot, degraded: boolean): Rejection | undefined {
  for (const [filter, refuse] of degraded ? capacityEntries : neverEntries) {
    const reason = refuse(suite, slot);
    if (reason !== undefined) return { slotId: slot.type, filter, reason, until: 'never' };
  }
  return undefined;
}

/** How many of the suite's requirements the slot's device misses: 0 means that nothing is degraded. */
export function missedRequirements(suite: Suite, slot: Slot): number {
  return Object.values(requirementFilters).filter((refuse) => refuse(suite, slot) !== undefined).length;
}

/** Whether the device alone meets what a profile asks of one. */
export function meetsRequirements(profile: WorkloadProfile, device: Device): boolean {
  const filters: readonly DeviceFilter[] = Object.values(requirementFilters);
  return (
    filters.every((refuse) => refuse({ profile }, { device }) === undefined) &&
    (profile.minMemoryBytes === 0 || profile.minMemoryBytes <= (device.memoryBytes ?? 0))
  );
}

// Used for every suite at every decision, so the tables are turned into lists once.
const capacityEntries: readonly (readonly [string, NeverFilter])[] = Object.entries(capacityFilters);
const neverEntries: readonly (readonly [string, NeverFilter])[] = [
  ...Object.entries(requirementFilters),
  ...capacityEntries,
];

function lacking(needed: readonly string[], present: readonly string[], device: Device): string | undefined {
  const missing = needed.filter((word) => !present.includes(word));
  if (missing.length === 0) return undefined;
  const reasons = missing.flatMap((word) => {
    const reason = device.lacks?.[word];
    return reason === undefined ? [] : [`; no ${word}: ${reason}`];
  });
  const has = `${deviceName(device)} has ${present.join(', ') || 'none known'}`;
  return `needs ${missing.join(' and ')}: ${has}${reasons.join('')}`;
}

/** For words of which the suite needs any one: all of them if the test holds for each, otherwise none. */
function allOf(words: readonly string[], test: (word: string) => boolean): readonly string[] {
  return words.every(test) ? words : [];
}

function either(words: readonly string[]): string {
  return [...new Set(words)].join(' or ');
}
