import type { Feature, Precision } from '../core/taxonomy.js';

/** What is known of an Intel GPU by its PCI device id. */
export interface IntelGpuModel {
  readonly name: string;
  /** Matrix engines (XMX) and ray-tracing units. */
  readonly matrix: boolean;
  readonly rayTracing: boolean;
  readonly fp64: boolean;
}

/** Undefined for an id that is not listed. Source: Intel's table of GPU ids in its Linux graphics documentation. */
export function intelGpuModel(deviceId: number): IntelGpuModel | undefined {
  const row = models.find(([ids]) => ids.includes(deviceId));
  if (row === undefined) return undefined;
  const [, name, family] = row;
  return { name, ...families[family] };
}

const families = {
  'xe-lp': { matrix: false, rayTracing: false, fp64: false },
  'xe-lpg': { matrix: false, rayTracing: true, fp64: true },
  'xe-hpg': { matrix: true, rayTracing: true, fp64: false },
  'xe-hpc': { matrix: true, rayTracing: true, fp64: true },
  xe2: { matrix: true, rayTracing: true, fp64: true },
} as const;

const models: readonly (readonly [readonly number[], string, keyof typeof families])[] = [
  [[0x5690], 'Intel Arc A770M', 'xe-hpg'],
  [[0x5691], 'Intel Arc A730M', 'xe-hpg'],
  [[0x5692], 'Intel Arc A550M', 'xe-hpg'],
  [[0x5693], 'Intel Arc A370M', 'xe-hpg'],
  [[0x5694], 'Intel Arc A350M', 'xe-hpg'],
  [[0x56a0], 'Intel Arc A770', 'xe-hpg'],
  [[0x56a1], 'Intel Arc A750', 'xe-hpg'],
  [[0x56a2], 'Intel Arc A580', 'xe-hpg'],
  [[0x56a5], 'Intel Arc A380', 'xe-hpg'],
  [[0x56a6], 'Intel Arc A310', 'xe-hpg'],
  [[0x56c0], 'Intel Data Center GPU Flex 170', 'xe-hpg'],
  [[0x56c1], 'Intel Data Center GPU Flex 140', 'xe-hpg'],
  [[0x0bd5, 0x0bd6], 'Intel Data Center GPU Max 1550', 'xe-hpc'],
  [[0x0bda], 'Intel Data Center GPU Max 1100', 'xe-hpc'],
  [[0xe20b], 'Intel Arc B580', 'xe2'],
  [[0xe20c], 'Intel Arc B570', 'xe2'],
  [[0x64a0], 'Intel Arc Graphics 130V / 140V', 'xe2'],
  [[0x7d55, 0x7dd5], 'Intel Arc Graphics (Meteor Lake)', 'xe-lpg'],
  [[0x7d45], 'Intel Graphics (Meteor Lake)', 'xe-lpg'],
  [[0x46a6, 0x46a8], 'Intel Iris Xe Graphics (Alder Lake)', 'xe-lp'],
  [[0xa7a0, 0xa7a1], 'Intel Iris Xe Graphics (Raptor Lake)', 'xe-lp'],
  [[0x9a49, 0x9a40], 'Intel Iris Xe Graphics (Tiger Lake)', 'xe-lp'],
];

/** All generations since Broadwell compute 16-bit floats; the rest depends on the model. */
export function abilitiesOfIntel(model: IntelGpuModel | undefined): {
  readonly precisions: readonly Precision[];
  readonly features: readonly Feature[];
} {
  return {
    precisions: [
      ...(model?.fp64 ? (['fp64'] as const) : []),
      'fp32',
      'fp16',
      ...(model?.matrix ? (['bf16', 'mixed'] as const) : []),
      'int8',
    ],
    features: [
      'simt',
      ...(model?.matrix ? (['tensor-cores'] as const) : []),
      ...(model?.rayTracing ? (['ray-tracing'] as const) : []),
    ],
  };
}
