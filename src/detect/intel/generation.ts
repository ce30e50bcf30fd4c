import type { Feature, Precision } from '../../core/vocabulary/taxonomy.js';
import table from './gpus.json' with { type: 'json' };

/** What is known of an Intel GPU by its PCI device id. */
export interface IntelGpuModel {
  readonly name: string;
  /** Matrix engines (XMX) and ray-tracing units. */
  readonly matrix: boolean;
  readonly rayTracing: boolean;
  readonly fp64: boolean;
  /** Memory by the data sheet; the smallest where one id is sold with several sizes. */
  readonly memoryBytes?: number;
}

type Family = keyof typeof table.families;

/** By its row of `data/intel-gpus.json`; an id without a row may belong to a series that the kernel knows. */
export function intelGpuModel(deviceId: number): IntelGpuModel | undefined {
  const id = deviceId.toString(16).padStart(4, '0');
  const row =
    table.models.find(({ ids }) => ids.includes(id)) ??
    table.series.find(({ pattern }) => new RegExp(`^(?:${pattern})$`).test(id));
  if (row === undefined) return undefined;
  const { matrix, rayTracing, fp64 } = table.families[row.family as Family];
  const memoryGiB = 'memoryGiB' in row ? row.memoryGiB : undefined;
  return {
    name: row.name,
    matrix,
    rayTracing,
    fp64,
    ...(memoryGiB !== undefined && { memoryBytes: memoryGiB * 1024 ** 3 }),
  };
}

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
