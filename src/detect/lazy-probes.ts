import type { Backend, Feature } from '../core/taxonomy.js';
import type { WorkloadProfile } from '../core/workload.js';
import type { Probe } from './probe.js';

interface LazyProbeRow {
  /** A suite that asks for one of these makes the probe worth its time. */
  readonly backends: readonly Backend[];
  readonly features?: readonly Feature[];
  /** Loaded when it is asked for. */
  readonly load: () => Promise<Probe>;
}

/** Probes that start processes of seconds: run only when somebody needs what they find. One row per probe. */
export const lazyProbes = {
  browsers: {
    backends: ['webgpu', 'webnn'],
    features: ['canvas'],
    load: async () => (await import('./browsers/probe.js')).browsers,
  },
  'node-webgpu': {
    backends: ['webgpu'],
    load: async () => (await import('./node-webgpu.js')).nodeWebGpu,
  },
  'onnx-providers': {
    backends: ['onnx', 'tensorrt', 'directml'],
    load: async () => (await import('./onnx-providers.js')).onnxProviders,
  },
  vulkaninfo: {
    backends: ['vulkan'],
    load: async () => (await import('./vulkaninfo.js')).vulkaninfo,
  },
} as const satisfies Record<string, LazyProbeRow>;

export type LazyProbeName = keyof typeof lazyProbes;

export const lazyProbeNames = Object.keys(lazyProbes) as readonly LazyProbeName[];

/** The lazy probes without which some of these suites cannot be placed well. */
export function lazyProbesFor(
  profiles: readonly Pick<WorkloadProfile, 'backends' | 'features'>[],
): readonly LazyProbeName[] {
  const needed = new Set<string>(profiles.flatMap(({ backends, features }) => [...backends, ...features]));
  return lazyProbeNames.filter((name) => {
    const { backends, features = [] }: LazyProbeRow = lazyProbes[name];
    return [...backends, ...features].some((word) => needed.has(word));
  });
}
