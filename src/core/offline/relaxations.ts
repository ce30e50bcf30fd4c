import type { Suite } from '../events.js';
import type { Device, Slot } from '../machine/machine.js';
import { deviceCountOf } from '../scheduler/claim.js';
import { neverRejection } from '../scheduler/feasibility.js';
import type { Backend, Feature } from '../vocabulary/taxonomy.js';
import { formatBytes } from '../vocabulary/units.js';
import type { WorkloadProfile } from '../workload/profile.js';

/** A requirement that a slot does not meet, and how far it would have to give way. */
export interface Relaxation {
  /** Equal for the same requirement on all slots. */
  readonly requirement: string;
  readonly text: string;
  /** Orders changes of different requirements, the smallest first. */
  readonly rank: number;
  /** Orders changes of the same requirement: bytes, or devices. Default 0. */
  readonly amount?: number;
  readonly isClass?: true;
  relax(profile: WorkloadProfile): WorkloadProfile;
}

/** What the suite asks for and the slot does not have. */
export function unmetOn({ device, machine }: Slot, profile: WorkloadProfile): readonly Relaxation[] {
  const { hardware, backends, features, precisions, minMemoryBytes, hostMemoryBytes = 0 } = profile;
  const memoryBytes = device.memoryBytes ?? (device.class === 'cpu' ? machine.memoryBudgetBytes : 0);
  return [
    ...(minMemoryBytes > memoryBytes ? [lessOnDevice(minMemoryBytes, memoryBytes)] : []),
    ...(hostMemoryBytes > machine.memoryBudgetBytes
      ? [lessOfHost(hostMemoryBytes, machine.memoryBudgetBytes)]
      : []),
    ...(precisions.length > 0 && !precisions.some((word) => device.precisions.includes(word))
      ? [otherPrecision(device)]
      : []),
    ...features.filter((word) => !device.features.includes(word)).map((word) => without('feature', word)),
    ...(device.software && profile.softwareAdapter !== true ? [emulated] : []),
    ...backends.filter((word) => !device.backends.includes(word)).map((word) => without('backend', word)),
    ...(device.architecture === 'gpu-webgpu' &&
    !features.includes('canvas') &&
    !backends.some((word) => device.backends.includes(word))
      ? [adapterOf(device)]
      : []),
    ...(hardware.some((need) => need.class === device.class) ? [] : [onClass(device)]),
  ];
}

function lessOnDevice(needed: number, present: number): Relaxation {
  return {
    requirement: 'device memory',
    text:
      present === 0
        ? `without @min-memory ${formatBytes(needed)}`
        : `with ${formatBytes(needed - present)} less on the device`,
    rank: 0,
    amount: needed - present,
    relax: (profile) => ({ ...profile, minMemoryBytes: present }),
  };
}

function lessOfHost(needed: number, present: number): Relaxation {
  return {
    requirement: 'host memory',
    text: `with ${formatBytes(needed - present)} less @host-memory`,
    rank: 0,
    amount: needed - present,
    relax: (profile) => ({ ...profile, hostMemoryBytes: present }),
  };
}

function otherPrecision({ precisions }: Device): Relaxation {
  const [first] = precisions;
  return {
    requirement: `precision ${first}`,
    text: first === undefined ? 'without @precision' : `with @precision ${first} too`,
    rank: 1,
    relax: (profile) => ({
      ...profile,
      precisions: first === undefined ? [] : [...profile.precisions, first],
    }),
  };
}

function without(pragma: 'feature' | 'backend', word: Feature | Backend): Relaxation {
  const others = <Word>(words: readonly Word[]) => words.filter((each) => each !== word);
  return {
    requirement: `${pragma} ${word}`,
    text: `without @${pragma} ${word}`,
    rank: pragma === 'feature' ? 2 : 5,
    relax: (profile) =>
      pragma === 'feature'
        ? { ...profile, features: others(profile.features) }
        : { ...profile, backends: others(profile.backends) },
  };
}

const emulated: Relaxation = {
  requirement: 'software adapter',
  text: 'with @software-adapter',
  rank: 3,
  relax: (profile) => ({ ...profile, softwareAdapter: true }),
};

function adapterOf({ backends }: Device): Relaxation {
  const [first] = backends;
  return {
    requirement: `adapter ${first}`,
    text: `with @backend ${first}`,
    rank: 6,
    relax: (profile) => ({ ...profile, backends: [...profile.backends, ...(first ? [first] : [])] }),
  };
}

function onClass({ class: deviceClass }: Device): Relaxation {
  return {
    requirement: `class ${deviceClass}`,
    text: `with @hardware ${deviceClass} too`,
    rank: 7,
    isClass: true,
    relax: (profile) => ({ ...profile, hardware: [...profile.hardware, { class: deviceClass, count: 1 }] }),
  };
}

/** Fewer devices at once, where the machine has some that will do. */
export function tooManyDevices(slot: Slot, slots: readonly Slot[], suite: Suite): readonly Relaxation[] {
  const { class: deviceClass } = slot.device;
  const asked = deviceCountOf(suite.profile, deviceClass);
  const alike = new Set(
    slots
      .filter((each) => each.device.class === deviceClass && neverRejection(suite, each, false) === undefined)
      .map(({ device }) => device.id),
  ).size;
  if (alike === 0 || alike >= asked) return [];
  return [
    {
      requirement: `count ${deviceClass}`,
      text: `with ${deviceClass}:${alike} instead of ${deviceClass}:${asked}`,
      rank: 4,
      amount: asked - alike,
      relax: (profile) => ({
        ...profile,
        hardware: profile.hardware.map((need) =>
          need.class === deviceClass ? { ...need, count: Math.min(need.count, alike) } : need,
        ),
      }),
    },
  ];
}
