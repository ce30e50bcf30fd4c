import type { Feature, Precision, Vendor } from '../../core/taxonomy.js';

/** Facts of `/proc/cpuinfo`, whatever the architecture; absent where the text does not say. */
export interface CpuinfoFacts {
  readonly vendor?: Vendor;
  readonly model?: string;
  /** Logical processors listed; 0 when none is recognised. */
  readonly processors: number;
  /** True when the cores run more than one thread each. */
  readonly smt: boolean;
  /** The clock of the first processor just now, as x86 (`cpu MHz`) and POWER (`clock`) print it. */
  readonly clockMHz?: number;
  /** Lower-case flags, features or ISA letters as the kernel prints them. */
  readonly flags: ReadonlySet<string>;
}

/** Never throws: an unknown architecture gives few facts, not an error. */
export function parseCpuinfo(text: string): CpuinfoFacts {
  const first = new Map<string, string>();
  let processors = 0;
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const key = line.slice(0, colon).trim();
    // s390 writes `processor 0: version = …`.
    if (/^processor(\s+\d+)?$/.test(key)) processors += 1;
    if (!first.has(key)) first.set(key, line.slice(colon + 1).trim());
  }
  const vendor = vendorOf(first);
  const model = modelOf(first);
  const clockMHz = Number.parseFloat(first.get('cpu MHz') ?? first.get('clock') ?? '');
  return {
    ...(vendor !== undefined && { vendor }),
    ...(model !== undefined && { model }),
    processors,
    ...(clockMHz > 0 && clockMHz < 1e5 && { clockMHz: Math.round(clockMHz) }),
    smt: Number(first.get('siblings')) > Number(first.get('cpu cores')),
    flags: flagsOf(first),
  };
}

/** Kernel flags that prove a feature; the first one present is named as the evidence. */
export const featureFlags = {
  simd: ['sse2', 'asimd', 'neon', 'altivec', 'vx', 'rvv', 'msa'],
  avx: ['avx'],
  avx2: ['avx2'],
  avx512: ['avx512f'],
  amx: ['amx_tile'],
  neon: ['asimd', 'neon'],
  sve: ['sve'],
  tsx: ['rtm', 'hle'],
} as const satisfies Partial<Record<Feature, readonly string[]>>;

/** Kernel flags that prove arithmetic in a precision beyond what every CPU computes. */
export const precisionFlags = {
  fp16: ['avx512_fp16', 'asimdhp', 'amx_fp16'],
  bf16: ['avx512_bf16', 'amx_bf16', 'bf16'],
} as const satisfies Partial<Record<Precision, readonly string[]>>;

/** A vendor word out of a vendor id or model name; undefined when none is named. */
export function vendorIn(text: string): Vendor | undefined {
  return vendorPatterns.find(([pattern]) => pattern.test(text))?.[1];
}

const vendorPatterns: readonly (readonly [RegExp, Vendor])[] = [
  [/GenuineIntel|\bIntel\b/i, 'intel'],
  [/AuthenticAMD|\bAMD\b/i, 'amd'],
  [/\bApple\b/i, 'apple'],
  [/Qualcomm|Snapdragon/i, 'qualcomm'],
  [/MediaTek/i, 'mediatek'],
  [/Samsung|Exynos/i, 'samsung'],
  [/\bIBM\b|POWER\d/i, 'ibm'],
  [/Graviton/i, 'amazon'],
  [/Kunpeng|HiSilicon/i, 'huawei'],
  [/Cortex|Neoverse|\bARM\b/i, 'arm'],
];

/** `CPU implementer` of ARM cores. */
const implementers: Readonly<Record<string, Vendor>> = {
  '0x41': 'arm',
  '0x48': 'huawei',
  '0x4e': 'nvidia',
  '0x51': 'qualcomm',
  '0x53': 'samsung',
  '0x61': 'apple',
  '0x69': 'intel',
};

/** `CPU part` of cores that ARM itself designed. */
const armParts: Readonly<Record<string, string>> = {
  '0xc07': 'Cortex-A7',
  '0xc09': 'Cortex-A9',
  '0xc0f': 'Cortex-A15',
  '0xd03': 'Cortex-A53',
  '0xd04': 'Cortex-A35',
  '0xd05': 'Cortex-A55',
  '0xd07': 'Cortex-A57',
  '0xd08': 'Cortex-A72',
  '0xd09': 'Cortex-A73',
  '0xd0a': 'Cortex-A75',
  '0xd0b': 'Cortex-A76',
  '0xd0c': 'Neoverse-N1',
  '0xd40': 'Neoverse-V1',
  '0xd41': 'Cortex-A78',
  '0xd42': 'Cortex-A78AE',
  '0xd44': 'Cortex-X1',
  '0xd46': 'Cortex-A510',
  '0xd47': 'Cortex-A710',
  '0xd48': 'Cortex-X2',
  '0xd49': 'Neoverse-N2',
  '0xd4a': 'Neoverse-E1',
  '0xd4b': 'Cortex-A78C',
  '0xd4d': 'Cortex-A715',
  '0xd4e': 'Cortex-X3',
  '0xd4f': 'Neoverse-V2',
  '0xd80': 'Cortex-A520',
  '0xd81': 'Cortex-A720',
  '0xd82': 'Cortex-X4',
  '0xd84': 'Neoverse-V3',
  '0xd8e': 'Neoverse-N3',
};

function vendorOf(first: ReadonlyMap<string, string>): Vendor | undefined {
  const implementer = first.get('CPU implementer');
  if (implementer !== undefined) return implementers[implementer];
  const named = first.get('vendor_id') ?? first.get('cpu') ?? first.get('model name') ?? '';
  return vendorIn(named);
}

function modelOf(first: ReadonlyMap<string, string>): string | undefined {
  const part = first.get('CPU implementer') === '0x41' ? armParts[first.get('CPU part') ?? ''] : undefined;
  const board = first.get('Model');
  const core =
    first.get('model name') ?? part ?? first.get('cpu') ?? first.get('cpu model') ?? first.get('uarch');
  if (board !== undefined && core !== undefined) return `${board} (${core})`;
  return core ?? board ?? first.get('Hardware');
}

function flagsOf(first: ReadonlyMap<string, string>): ReadonlySet<string> {
  const listed =
    first.get('flags') ?? first.get('Features') ?? first.get('features') ?? first.get('ASEs implemented');
  const flags = new Set((listed ?? '').toLowerCase().split(/\s+/).filter(Boolean));
  // RISC-V: `rv64imafdcv_zicsr`; single letters are extensions, `v` is the vector unit.
  if (/^rv\d+[a-z]*v/.test(first.get('isa') ?? '')) flags.add('rvv');
  // On s390x `msa` is cryptography, on MIPS the vector unit.
  if (!first.has('ASEs implemented')) flags.delete('msa');
  if (/altivec supported/.test(first.get('cpu') ?? '')) flags.add('altivec');
  return flags;
}
