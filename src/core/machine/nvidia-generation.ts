import type { Feature, Precision } from '../vocabulary/taxonomy.js';
import table from './nvidia-generations.json' with { type: 'json' };

/**
 * Compute capability by marketing name, for drivers too old to tell it. First match wins, so longer names stand first.
 * Undefined for a name that is not listed: better silent than wrong.
 */
export function capabilityByName(name: string): number | undefined {
  return generations.find(({ pattern }) => pattern.test(name))?.capability;
}

const generations = table.generations.map(({ pattern, capability }) => ({
  pattern: new RegExp(pattern, 'i'),
  capability,
}));

const smallTuring = new RegExp(table.smallTuring.pattern, 'i');

/** What a GPU of this compute capability and name computes and has, by NVIDIA's own tables. */
export function abilitiesOf(
  capability: number,
  name: string,
): { readonly precisions: readonly Precision[]; readonly features: readonly Feature[] } {
  const tensorCores = capability >= 7 && !smallTuring.test(name);
  return {
    precisions: pick<Precision>([
      ['fp64', true],
      ['fp32', true],
      ['fp16', capability >= 5.3],
      ['bf16', capability >= 8],
      ['fp8', capability >= 8.9],
      ['int8', capability >= 6.1],
      // Integer tensor instructions below 8 bits came with Turing and left with Hopper.
      ['int4', tensorCores && capability >= 7.5 && capability < 9],
      ['int1', tensorCores && capability >= 7.5 && capability < 9],
      ['mixed', tensorCores],
    ]),
    features: pick<Feature>([
      ['simt', true],
      ['tensor-cores', tensorCores],
      ['sparsity', tensorCores && capability >= 8],
      ['quantization', capability >= 6.1],
      ['ray-tracing', hasRayTracing(capability) && !smallTuring.test(name) && !/\bCMP\b/.test(name)],
      ['unified-memory', isIntegratedCapability(capability)],
    ]),
  };
}

/** Graphics generations; the compute-only chips between them (7.0, 8.0, 9.0, 10.x) have no ray-tracing cores. */
function hasRayTracing(capability: number): boolean {
  return [7.5, 8.6, 8.7, 8.9, 12, 12.1].includes(capability);
}

/** Whether chips of this compute capability share the machine's RAM. */
export function isIntegratedCapability(capability: number): boolean {
  return table.integrated.capabilities.includes(capability);
}

function pick<Word>(rows: readonly (readonly [Word, boolean])[]): readonly Word[] {
  return rows.filter(([, holds]) => holds).map(([word]) => word);
}
