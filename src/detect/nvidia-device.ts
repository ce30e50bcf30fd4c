import type { Device, Evidence } from '../core/machine.js';
import type { Backend } from '../core/taxonomy.js';
import { deviceOf, sourced } from './device-draft.js';
import { abilitiesOf, capabilityByName } from './nvidia-generation.js';
import type { MigSlice } from './parse/nvidia-mig.js';
import type { NvidiaGpu } from './parse/nvidia-smi.js';

/** The taxonomy's view of one NVIDIA GPU. `source` is who told: `nvidia-smi`, or the kernel driver's directory. */
export function nvidiaDevice(
  gpu: NvidiaGpu,
  source: string,
  state: Pick<Device, 'id' | 'usable' | 'unusableBecause' | 'bindingEnv'>,
  frameworks: Partial<Record<Backend, Evidence>>,
): Device {
  const { features, precisions } = abilities(gpu, source);
  const memory = gpu.memoryBytes && sourced(gpu.memoryBytes, 'probed', `${source} memory.total`);
  const driver = gpu.driverVersion === undefined ? '' : `, driver ${gpu.driverVersion}`;
  return deviceOf({
    ...state,
    ...(gpu.uuid && { uuid: gpu.uuid }),
    class: 'gpu',
    software: false,
    vendor: sourced('nvidia', 'probed', source),
    architecture: sourced('gpu-cuda', 'probed', source),
    model: sourced(gpu.name, 'probed', source),
    memoryBytes: memory || undefined,
    backends: { cuda: { confidence: 'inferred', source: `${source}${driver}` }, ...frameworks },
    precisions,
    features: {
      ...features,
      ...(memory && !('unified-memory' in features) && { 'dedicated-memory': memory.evidence }),
      ...(gpu.migMode && {
        'multi-instance': { confidence: 'probed', source: `${source} mig.mode.current ${gpu.migMode}` },
      }),
    },
  });
}

/** A slice computes what its GPU computes, in memory of its own. */
export function sliceDevice(
  gpu: Device,
  { profile, memoryBytes, uuid }: MigSlice,
  state: Pick<Device, 'id' | 'usable' | 'unusableBecause' | 'bindingEnv'>,
): Device {
  const { bindingEnv: _gpuBinding, memoryBytes: _gpuMemory, unusableBecause: _gpuReason, ...rest } = gpu;
  const { memoryBytes: _gpuEvidence, ...evidence } = gpu.evidence;
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

function abilities(gpu: NvidiaGpu, source: string) {
  const byName = capabilityByName(gpu.name);
  const capability = gpu.computeCapability ?? byName;
  if (capability === undefined) return { features: {}, precisions: {} };
  const because: Evidence =
    gpu.computeCapability === undefined
      ? { confidence: 'spec', source: `compute capability ${capability} by the name ${gpu.name}` }
      : { confidence: 'inferred', source: `${source} compute_cap ${capability}` };
  const { features, precisions } = abilitiesOf(capability, gpu.name);
  return { features: labels(features, because), precisions: labels(precisions, because) };
}

function labels<Word extends string>(
  words: readonly Word[],
  evidence: Evidence,
): Partial<Record<Word, Evidence>> {
  return Object.fromEntries(words.map((word) => [word, evidence])) as Partial<Record<Word, Evidence>>;
}
