import type { Feature, Precision } from '../core/taxonomy.js';

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

/** Chips that share the machine's RAM. */
export function isIntegratedGfx(gfx: string): boolean {
  return integrated.has(gfx);
}

/** Compute chips with matrix cores: MI100, MI200, MI300, MI350. */
const cdna: ReadonlySet<string> = new Set(['gfx908', 'gfx90a', 'gfx942', 'gfx950']);

const integrated: ReadonlySet<string> = new Set([
  'gfx902',
  'gfx909',
  'gfx90c',
  'gfx1033',
  'gfx1035',
  'gfx1036',
  'gfx1103',
  'gfx1150',
  'gfx1151',
  'gfx1152',
  'gfx1153',
]);

/** 8-bit dot products came with Vega 20 and, among consumer chips, with Navi 12. */
function dotProducts(gfx: string, major: number): boolean {
  return gfx === 'gfx906' || cdna.has(gfx) || (major >= 10 && gfx !== 'gfx1010');
}
