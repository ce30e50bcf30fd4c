import type { Feature, Precision } from '../core/taxonomy.js';

/**
 * Compute capability by marketing name, for drivers too old to tell it. First match wins, so longer names stand first.
 * Undefined for a name that is not listed: better silent than wrong.
 */
export function capabilityByName(name: string): number | undefined {
  return generations.find(([pattern]) => pattern.test(name))?.[1];
}

const generations: readonly (readonly [RegExp, number])[] = [
  // Workstation cards carry the numbers of later gaming cards: their family's word decides first.
  [/Quadro RTX \d/i, 7.5],
  [/RTX \d{3,4}\b.* Ada\b/i, 8.9],
  [/RTX 2050\b/i, 8.6],
  [/\bGB10\b/, 12.1],
  [/RTX 50\d\d|RTX PRO \d+.*Blackwell/i, 12],
  [/\bThor\b/, 11],
  [/\bG?B300\b/, 10.3],
  [/\bG?B[12]00\b/, 10],
  [/\b(GH200|H[128]00|H20)\b/, 9],
  [/RTX 40\d\d|\bL(4|40S?|20|2)\b/i, 8.9],
  [/\bOrin\b/, 8.7],
  [/RTX 30\d\d|RTX A\d{3,4}\b|\bA(2|10G?|10M|16|40)\b|MX570/i, 8.6],
  [/\b(A100|A800|A30X?)\b/, 8],
  [/RTX 20\d\d|TITAN RTX|\bT4G?\b|GTX 16\d\d|\bT(400|500|550|600|1000|1200|2000)\b|MX[45]50\b/i, 7.5],
  [/\bXavier\b/, 7.2],
  [/\bV100|TITAN V\b|GV100/i, 7],
  [/\bP100\b|GP100/, 6],
  [/GTX 10\d\d|GT 10\d\d|TITAN X(p| \(Pascal\))|\bP(4|6|40)\b|Quadro P\d+|MX(150|[23]\d0)\b/i, 6.1],
  [/GTX 9\d\d|GTX TITAN X|\bM(4|40|60|10)\b|Quadro M\d+|MX1[13]0\b/i, 5.2],
  [/\bK80\b/, 3.7],
];

/** Turing chips TU116 and TU117: compute capability 7.5, but neither tensor nor ray-tracing cores. */
const smallTuring = /GTX 16\d\d|\bT(400|500|550|600|1000|1200|2000)\b|MX[45]50\b|Quadro T\d+|CMP 30HX/i;

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
      ['unified-memory', integrated.includes(capability)],
    ]),
  };
}

/** Graphics generations; the compute-only chips between them (7.0, 8.0, 9.0, 10.x) have no ray-tracing cores. */
function hasRayTracing(capability: number): boolean {
  return [7.5, 8.6, 8.7, 8.9, 12, 12.1].includes(capability);
}

/** Chips that share the machine's RAM: Jetson and GB10. */
const integrated: readonly number[] = [5.3, 6.2, 7.2, 8.7, 11, 12.1];

function pick<Word>(rows: readonly (readonly [Word, boolean])[]): readonly Word[] {
  return rows.filter(([, holds]) => holds).map(([word]) => word);
}
