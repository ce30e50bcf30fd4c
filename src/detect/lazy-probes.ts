import type { Backend, Feature } from '../core/vocabulary/taxonomy.js';
import type { WorkloadProfile } from '../core/workload/profile.js';
import type { PythonBackend } from './backends/python/frameworks.js';
import type { BackendTrial, Probe } from './findings/probe.js';

interface LazyProbeRow {
  /** A suite that asks for one of these makes the probe worth its time. */
  readonly backends: readonly Backend[];
  readonly features?: readonly Feature[];
  /** Loaded when it is asked for. */
  readonly load: () => Promise<Probe>;
}

interface LazyTrialRow {
  /** A suite that asks for one of these makes the trial worth its time. */
  readonly backends: readonly Backend[];
  /** Loaded when it is asked for. */
  readonly load: () => Promise<BackendTrial>;
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
    load: async () => (await import('./browsers/node-webgpu.js')).nodeWebGpu,
  },
  'onnx-providers': {
    backends: ['onnx', 'tensorrt', 'directml', 'coreml', 'qnn'],
    load: async () => (await import('./backends/onnx-providers.js')).onnxProviders,
  },
  vulkaninfo: {
    backends: ['vulkan'],
    load: async () => (await import('./backends/vulkan.js')).vulkaninfo,
  },
} as const satisfies Record<string, LazyProbeRow>;

const pythonRow = <Name extends PythonBackend>(backend: Name) => ({
  backends: [backend],
  load: async () => (await import('./backends/python/trial.js')).pythonTrial(backend),
});

/** Trials of found devices that take seconds: run only when somebody asks for what they try. */
export const lazyTrials = {
  'python-pytorch': pythonRow('pytorch'),
  'python-tensorflow': pythonRow('tensorflow'),
  'python-jax': pythonRow('jax'),
  'python-openvino': pythonRow('openvino'),
  'python-tvm': pythonRow('tvm'),
} as const satisfies Record<`python-${PythonBackend}`, LazyTrialRow>;

/** What is run on demand alone. */
export type LazyProbeName = keyof typeof lazyProbes | keyof typeof lazyTrials;

/** Those that find devices, or say what native packages of Node.js do. */
export const lazyProbeNames = Object.keys(lazyProbes) as readonly (keyof typeof lazyProbes)[];

/** The lazy probes and trials without which some of these suites cannot be placed well. */
export function lazyProbesFor(
  profiles: readonly Pick<WorkloadProfile, 'backends' | 'features'>[],
): readonly LazyProbeName[] {
  const needed = new Set<string>(profiles.flatMap(({ backends, features }) => [...backends, ...features]));
  const rows: Readonly<Record<string, LazyProbeRow | LazyTrialRow>> = { ...lazyProbes, ...lazyTrials };
  return Object.entries(rows).flatMap(([name, row]) => {
    const words: readonly string[] = [...row.backends, ...('features' in row ? (row.features ?? []) : [])];
    return words.some((word) => needed.has(word)) ? [name as LazyProbeName] : [];
  });
}
