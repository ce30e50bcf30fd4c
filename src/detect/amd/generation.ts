import type { Feature, Precision } from '../../core/vocabulary/taxonomy.js';
import type { Host } from '../../host/host.js';
import table from './gpus.json' with { type: 'json' };
import { gfxName } from './kfd.js';

/** What a GPU of this instruction set computes and has, by AMD's own tables for ROCm. */
export function abilitiesOfGfx(gfx: string): {
  readonly precisions: readonly Precision[];
  readonly features: readonly Feature[];
} {
  const [, majorText = '', rest = ''] = /^gfx(\d+)([0-9a-f]{2})$/.exec(gfx) ?? [];
  const major = Number(majorText);
  const matrix = cdna.has(gfx) || major >= 11;
  const rdna = major >= 10;
  return {
    precisions: [
      'fp64',
      'fp32',
      ...(major >= 9 ? (['fp16'] as const) : []),
      ...(matrix ? (['bf16'] as const) : []),
      ...(gfx === 'gfx942' || gfx === 'gfx950' || major >= 12 ? (['fp8'] as const) : []),
      ...(dotProducts(gfx, major) ? (['int8'] as const) : []),
      ...(major >= 11 ? (['int4'] as const) : []),
      ...(matrix ? (['mixed'] as const) : []),
    ],
    features: [
      'simt',
      ...(matrix ? (['tensor-cores'] as const) : []),
      ...(dotProducts(gfx, major) ? (['quantization'] as const) : []),
      ...(gfx === 'gfx942' || gfx === 'gfx950' || major >= 12 ? (['sparsity'] as const) : []),
      // RDNA 2 brought ray accelerators; of RDNA 1 (gfx101x) only one console chip has them.
      ...(rdna && !/^1\d$/.test(rest) ? (['ray-tracing'] as const) : []),
    ],
  };
}

/** A chip by its instruction set, by its row of `data/amd-gpus.json`. */
export interface GfxRow {
  readonly gfx: string;
  /** Whether a build of ROCm has code for it. */
  readonly rocm: boolean;
  /** It sits in a processor and shares the machine's RAM. */
  readonly integrated: boolean;
}

/** Undefined for a chip that is newer than the table. */
export function gfxRow(gfx: string): GfxRow | undefined {
  return table.gfx.find((row) => row.gfx === gfx);
}

/** A GPU by its PCI id: server cards by their names, and chips in processors. */
export interface AmdGpuRow {
  readonly id: string;
  readonly name?: string;
  readonly integrated?: boolean;
  /** `vram`: what the driver calls VRAM is already all of the shared memory (MI300A). */
  readonly memory?: string;
}

export function amdGpuRow(deviceId: number): AmdGpuRow | undefined {
  const rows: readonly AmdGpuRow[] = table.gpus;
  return rows.find(({ id }) => Number.parseInt(id, 16) === deviceId);
}

/**
 * Whether a build of ROCm computes on this chip. The user may let one chip pass for another of its generation
 * (`HSA_OVERRIDE_GFX_VERSION=10.3.0`). A chip that is newer than the table is believed to be supported.
 * @param index As ROCm counts GPUs: the variable exists for each of them.
 */
export function hasRocmBuild(gfx: string, index: number, env: Host['env']): boolean {
  const override = env[`HSA_OVERRIDE_GFX_VERSION_${index}`] ?? env.HSA_OVERRIDE_GFX_VERSION;
  const [, major, minor, step] = /^(\d{1,2})\.(\d{1,2})\.(\d{1,2})$/.exec(override?.trim() ?? '') ?? [];
  const pretended = gfxName(Number(major) * 10_000 + Number(minor) * 100 + Number(step));
  const isBuilt = (name: string) => gfxRow(name)?.rocm ?? majorOf(name) >= 10;
  if (pretended === undefined) return isBuilt(gfx);
  // Code of another generation has other instructions.
  return isBuilt(pretended) && majorOf(pretended) === majorOf(gfx);
}

function majorOf(gfx: string): number {
  return Number(/^gfx(\d+)[0-9a-f]{2}$/.exec(gfx)?.[1] ?? 0);
}

/** Compute chips with matrix cores: MI100, MI200, MI300, MI350. */
const cdna: ReadonlySet<string> = new Set(['gfx908', 'gfx90a', 'gfx942', 'gfx950']);

/** 8-bit dot products came with Vega 20 and, among consumer chips, with Navi 12. */
function dotProducts(gfx: string, major: number): boolean {
  return gfx === 'gfx906' || cdna.has(gfx) || (major >= 10 && gfx !== 'gfx1010');
}
