import type { Device, Evidence } from '../../core/machine/machine.js';
import {
  abilitiesOf,
  capabilityByName,
  isIntegratedCapability,
} from '../../core/machine/nvidia-generation.js';
import type { Backend } from '../../core/vocabulary/taxonomy.js';
import { deviceOf, type Sourced, sourced } from '../findings/device-draft.js';
import { cudaMemoryOf } from './memory.js';
import type { MigSlice } from './mig.js';
import type { NvidiaGpu } from './smi.js';

/** What is known of a GPU beside what was told of it. */
export interface NvidiaState
  extends Pick<Device, 'id' | 'usable' | 'unusableBecause' | 'bindingEnv' | 'shares'> {
  /** Nodes and library that a process computes through. */
  readonly access: readonly string[];
  readonly backends: Partial<Record<Backend, Evidence>>;
  /** The machine's memory, for a chip that has none of its own. */
  readonly sharedMemory: Sourced<number>;
}

/** The taxonomy's view of one NVIDIA GPU. `source` is who told: `nvidia-smi`, or the kernel driver's directory. */
export function nvidiaDevice(gpu: NvidiaGpu, source: string, state: NvidiaState): Device {
  const { access, backends, sharedMemory, ...rest } = state;
  const capability = capabilityOf(gpu, source);
  const { features, precisions } = abilities(gpu, capability);
  const shared =
    gpu.integrated === true || (capability !== undefined && isIntegratedCapability(Number(capability.value)));
  const memory = shared ? sharedMemory : cudaMemoryOf(gpu, source);
  const driver = gpu.driverVersion && `nvidia ${gpu.driverVersion}`;
  const toldBy = driver === undefined ? source : `${source}, driver ${gpu.driverVersion}`;
  const free =
    gpu.freeMemoryBytes !== undefined && memory && !shared
      ? sourced(Math.min(gpu.freeMemoryBytes, memory.value), 'probed', `${source} memory.free`)
      : undefined;
  const device = deviceOf({
    ...rest,
    ...(gpu.uuid && { uuid: gpu.uuid }),
    class: 'gpu',
    software: false,
    vendor: sourced('nvidia', 'probed', source),
    architecture: sourced('gpu-cuda', 'probed', source),
    model: sourced(gpu.name, 'probed', source),
    memoryBytes: memory,
    freeMemoryBytes: free,
    driver: driver ? sourced(driver, 'probed', source) : undefined,
    capability,
    backends: {
      cuda: { confidence: 'inferred', source: [toldBy, ...access].join(', ') },
      ...backends,
    },
    precisions,
    features: {
      ...features,
      ...(shared && { 'unified-memory': features['unified-memory'] ?? sharedMemory.evidence }),
      ...(memory && !shared && { 'dedicated-memory': memory.evidence }),
      ...(gpu.migMode && {
        'multi-instance': { confidence: 'probed', source: `${source} mig.mode.current ${gpu.migMode}` },
      }),
    },
  });
  if (state.shares === undefined) return device;
  const mode: Evidence = { confidence: 'probed', source: `${source} compute_mode ${gpu.computeMode}` };
  return { ...device, evidence: { ...device.evidence, shares: mode } };
}

/** A slice computes what its GPU computes, in memory of its own. */
export function sliceDevice(
  gpu: Device,
  { profile, memoryBytes, uuid }: MigSlice,
  state: Pick<Device, 'id' | 'usable' | 'unusableBecause' | 'bindingEnv'>,
): Device {
  const {
    bindingEnv: _binding,
    memoryBytes: _memory,
    freeMemoryBytes: _free,
    unusableBecause: _reason,
    ...rest
  } = gpu;
  const { memoryBytes: _memoryEvidence, freeMemoryBytes: _freeEvidence, ...evidence } = gpu.evidence;
  const model = `${gpu.model} MIG ${profile}`;
  const listed: Evidence = { confidence: 'probed', source: 'nvidia-smi -L' };
  const byProfile: Evidence = { confidence: 'inferred', source: `nvidia-smi -L, profile ${profile}` };
  return {
    ...rest,
    ...state,
    uuid,
    model,
    ...(memoryBytes !== undefined && { memoryBytes }),
    evidence: { ...evidence, model: listed, ...(memoryBytes !== undefined && { memoryBytes: byProfile }) },
  };
}

function capabilityOf({ computeCapability, name }: NvidiaGpu, source: string): Sourced<string> | undefined {
  if (computeCapability !== undefined) {
    return sourced(computeCapability.toFixed(1), 'probed', `${source} compute_cap`);
  }
  const byName = capabilityByName(name);
  return byName === undefined ? undefined : sourced(byName.toFixed(1), 'spec', `the name ${name}`);
}

function abilities({ name, computeCapability }: NvidiaGpu, capability: Sourced<string> | undefined) {
  if (capability === undefined) return { features: {}, precisions: {} };
  const number = Number(capability.value);
  const because: Evidence =
    computeCapability === undefined
      ? { confidence: 'spec', source: `compute capability ${number} by ${capability.evidence.source}` }
      : { confidence: 'inferred', source: `${capability.evidence.source} ${number}` };
  const { features, precisions } = abilitiesOf(number, name);
  return { features: labels(features, because), precisions: labels(precisions, because) };
}

function labels<Word extends string>(
  words: readonly Word[],
  evidence: Evidence,
): Partial<Record<Word, Evidence>> {
  return Object.fromEntries(words.map((word) => [word, evidence])) as Partial<Record<Word, Evidence>>;
}
