import { Estimates, type Observation } from '../core/estimate/estimate.js';
import type { Suite } from '../core/events.js';
import { type Device, deviceKindOf, type Slot } from '../core/machine/machine.js';
import { neverRejection } from '../core/scheduler/feasibility.js';
import { hashOf } from '../core/vocabulary/hash.js';
import { randomFrom } from '../core/vocabulary/random.js';
import type { Backend, DeviceClass } from '../core/vocabulary/taxonomy.js';
import { builtInWorkloads } from '../core/workload/built-in.js';
import { defaultProfile } from '../core/workload/profile.js';
import type { SimulatedCase } from './case.js';
import { normalFrom } from './normal.js';
import type { SlotLoss } from './simulate.js';

/** Describes made-up suites. */
export interface WorkloadOptions {
  /** Number of suites. */
  readonly tasks: number;
  /** Names of built-in workloads. The suites take them in turn. */
  readonly workloads: readonly string[];
  readonly seed: number;
  /** Standard deviation of ln(true duration / expected duration). */
  readonly sigma: number;
  /** Share of the suites that were never measured, 0…1. */
  readonly unknownShare: number;
  /** Number of machines that are lost during the run. */
  readonly lostMachines: number;
  /** Share of the suites whose first attempt is lost, 0…1. */
  readonly lostShare: number;
}

/** How many times faster than a CPU devices run a workload. Made up, of the order that such work shows. */
const speeds: Readonly<Record<string, Partial<Record<DeviceClass, number>>>> = {
  nlp: { gpu: 8, tpu: 8, npu: 3 },
  vision: { gpu: 10, tpu: 8, npu: 4 },
  audio: { gpu: 4, npu: 3, dsp: 3 },
  'edge-vision': { gpu: 4, npu: 6, dsp: 2 },
  'large-batch-nlp': { gpu: 10, tpu: 20 },
};
/** Made up, not measured: suites of seconds that differ by an order of magnitude. */
const population = {
  /** Median of durations on a CPU. */
  medianMs: 4000,
  /** Standard deviation of ln(duration on a CPU). */
  durationLogSd: 1,
  /** Standard deviation of ln(a suite's own factor on a kind of device). */
  deviceLogSd: 0.3,
  /** Share of the suites that ask for a backend of the fleet, so that a CPU cannot run them. */
  demandingShare: 0.2,
  /** Share of the feasible kinds of devices on which a known suite was measured. */
  measuredShare: 0.7,
} as const;
const gib = 1024 ** 3;

/** Made-up suites of the built-in workloads for a fleet. All randomness comes from the seed. */
export function workloadCase(slots: readonly Slot[], options: WorkloadOptions): SimulatedCase {
  const { tasks, workloads, seed, sigma, unknownShare } = options;
  const devices = [...new Map(slots.map((slot) => [deviceKindOf(slot.device), slot.device])).values()];
  const suites = Array.from({ length: tasks }, (_, index) =>
    suiteOf(index, workloads[index % workloads.length] ?? 'general', devices, seed),
  );
  const draw = (what: string) => normalFrom(randomFrom(hashOf(`${seed} ${what}`)));
  const chance = (what: string) => randomFrom(hashOf(`${seed} ${what}`))();
  const usualMs = ({ id, profile }: Suite, device: Device) => {
    const speed = device.class === 'cpu' ? 1 : (speeds[profile.workload]?.[device.class] ?? 1);
    const kind = deviceKindOf(device);
    const onCpuMs = population.medianMs * Math.exp(population.durationLogSd * draw(`duration ${id}`));
    return Math.max(
      1,
      Math.round((onCpuMs / speed) * Math.exp(population.deviceLogSd * draw(`${kind} ${id}`))),
    );
  };
  const observations = suites.flatMap((suite): Observation[] => {
    if (chance(`unknown ${suite.id}`) < unknownShare) return [];
    const possible = slots.filter((slot) => neverRejection(suite, slot, false) === undefined);
    const kinds = [...new Map(possible.map((slot) => [deviceKindOf(slot.device), slot.device])).entries()];
    return kinds
      .filter(([kind], index) => index === 0 || chance(`seen ${kind} ${suite.id}`) < population.measuredShare)
      .map(([deviceKind, device]) => ({
        suiteId: suite.id,
        deviceKind,
        durationMs: usualMs(suite, device),
        samples: 3,
      }));
  });
  const trueMs = (suite: Suite, { device }: Slot) =>
    usualMs(suite, device) * Math.exp(sigma * draw(`noise ${suite.id}`));
  return {
    slots,
    suites,
    seed,
    trueMs,
    estimates: () => new Estimates(observations),
    losses: lossesOf(slots, suites, trueMs, options),
    lostShare: options.lostShare,
  };
}

function suiteOf(index: number, workload: string, devices: readonly Device[], seed: number): Suite {
  const id = `${workload}/task-${String(index + 1).padStart(5, '0')}.test.js`;
  const random = randomFrom(hashOf(`${seed} suite ${id}`));
  const profile = { ...defaultProfile, ...builtInWorkloads[workload]?.part, workload };
  const backends = [
    ...new Set(
      devices.flatMap((device): readonly Backend[] =>
        device.class !== 'cpu' && profile.hardware.some((need) => need.class === device.class)
          ? device.backends
          : [],
      ),
    ),
  ];
  const isDemanding = random() < population.demandingShare && backends.length > 0;
  const backend = backends[Math.floor(random() * backends.length)];
  return {
    id,
    fileBytes: 0,
    profile: {
      ...profile,
      backends: isDemanding && backend !== undefined ? [backend] : [],
      hostMemoryBytes: Math.round((0.2 + random()) * gib),
    },
  };
}

/** Machines are lost one after another, evenly over the run. One machine always stays. */
function lossesOf(
  slots: readonly Slot[],
  suites: readonly Suite[],
  trueMs: SimulatedCase['trueMs'],
  { seed, lostMachines }: WorkloadOptions,
): readonly SlotLoss[] {
  const names = [...new Set(slots.map(({ machine }) => machine.name))];
  const random = randomFrom(hashOf(`${seed} machines`));
  const lost = names
    .map((name) => ({ name, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, Math.min(lostMachines, names.length - 1));
  if (lost.length === 0) return [];
  // A rough length of the run: all work on its fastest slots, divided by the number of slots.
  const workMs = suites.reduce((sum, suite) => {
    const times = slots
      .filter((slot) => neverRejection(suite, slot, false) === undefined)
      .map((slot) => trueMs(suite, slot));
    return sum + (times.length === 0 ? 0 : Math.min(...times));
  }, 0);
  return lost.flatMap(({ name }, index) => {
    const atMs = Math.round(((index + 1) / (lost.length + 1)) * (workMs / slots.length));
    return slots.flatMap(({ id, machine }) => (machine.name === name ? { slotId: id, atMs } : []));
  });
}
