import type { Feature, Precision, Vendor } from '../../core/vocabulary/taxonomy.js';
import { armCoreNames, armVendor } from './arm-cores.js';

/** Facts of `/proc/cpuinfo`, whatever the architecture; absent where the text does not say. */
export interface CpuinfoFacts {
  readonly vendor?: Vendor;
  readonly model?: string;
  /** What the CPU sits on, as kernels of Raspberry Pis tell: `Raspberry Pi 5 Model B Rev 1.0`. */
  readonly board?: string;
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
  const parts = new Set<string>();
  let processors = 0;
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const key = line.slice(0, colon).trim();
    // s390 writes `processor 0: version = …`.
    if (/^processor(\s+\d+)?$/.test(key)) processors += 1;
    const value = line.slice(colon + 1).trim();
    if (!first.has(key)) first.set(key, value);
    if (key === 'CPU part') parts.add(value);
  }
  const cores = armCoreNames(first.get('CPU implementer') ?? '', [...parts]);
  const vendor = vendorOf(first);
  const model = modelOf(first, cores);
  const board = nameIn(first.get('Model'));
  const clockMHz = Number.parseFloat(first.get('cpu MHz') ?? first.get('clock') ?? '');
  return {
    ...(vendor !== undefined && { vendor }),
    ...(model !== undefined && { model }),
    ...(board !== undefined && { board }),
    processors,
    ...(clockMHz > 0 && clockMHz < 1e5 && { clockMHz: Math.round(clockMHz) }),
    smt: Number(first.get('siblings')) > Number(first.get('cpu cores')),
    flags: flagsOf(first),
  };
}

/** Kernel flags that prove a feature; the first one present is named as the evidence. */
export const featureFlags = {
  simd: ['sse2', 'asimd', 'neon', 'altivec', 'vx', 'rvv', 'msa', 'lsx', 'lasx'],
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
  fp16: ['avx512_fp16', 'asimdhp', 'amx_fp16', 'zvfh', 'zfh'],
  bf16: ['avx512_bf16', 'amx_bf16', 'bf16', 'zvfbfwma', 'zfbfmin'],
} as const satisfies Partial<Record<Precision, readonly string[]>>;

/** A vendor word out of a vendor id or model name; undefined when none is named. */
export function vendorIn(text: string): Vendor | undefined {
  return vendorPatterns.find(([pattern]) => pattern.test(text))?.[1];
}

/** A name, or undefined for the ways in which systems say that they know none. */
export function nameIn(text: string | undefined): string | undefined {
  const name = (text ?? '').replaceAll('\0', '').trim();
  return /^(unknown|n\/a|none|-|0|default string|not specified|to be filled by o\.e\.m\.)?$/i.test(name)
    ? undefined
    : name;
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
  [/\bCobalt \d/i, 'microsoft'],
  [/Loongson|\bLS[23][A-Z]\d{4}/i, 'loongson'],
  [/sifive/i, 'sifive'],
  [/Ampere|Altra/i, 'ampere'],
  [/Fujitsu|A64FX/i, 'fujitsu'],
  [/Phytium|FT-?[12]\d{3}/i, 'phytium'],
  [/ThunderX|Octeon|Marvell|Cavium/i, 'marvell'],
  [/HygonGenuine|\bHygon\b/i, 'hygon'],
  [/CentaurHauls|Zhaoxin|Shanghai/i, 'zhaoxin'],
  [/Cortex|Neoverse|\bARM\b/i, 'arm'],
];

function vendorOf(first: ReadonlyMap<string, string>): Vendor | undefined {
  const implementer = first.get('CPU implementer');
  if (implementer !== undefined) return armVendor(implementer);
  const maker = riscvMakers[first.get('mvendorid') ?? ''];
  if (maker !== undefined) return maker;
  for (const key of ['vendor_id', 'cpu', 'Model Name', 'model name', 'cpu model', 'uarch']) {
    const text = first.get(key);
    const vendor = text === undefined ? undefined : vendorIn(text);
    if (vendor !== undefined) return vendor;
  }
  return undefined;
}

/** JEDEC ids that RISC-V cores tell as `mvendorid`. */
const riscvMakers: Readonly<Record<string, Vendor>> = { '0x489': 'sifive' };

/** ARM's parts come first: 32-bit kernels name every core `ARMv7 Processor`. */
function modelOf(first: ReadonlyMap<string, string>, cores: readonly string[]): string | undefined {
  if (cores.length > 0) return cores.join(' + ');
  const power = /^POWER\d+\+?/i.exec(first.get('cpu') ?? '')?.[0];
  if (power !== undefined) return power;
  const machine = /machine = (\d{4})$/.exec(first.get('processor 0') ?? '')?.[1];
  if (machine !== undefined) return `IBM Z (machine ${machine})`;
  // LoongArch, x86, others of POWER, MIPS, RISC-V.
  const names = ['Model Name', 'model name', 'cpu', 'cpu model', 'uarch', 'Hardware'];
  return names.map((key) => nameIn(first.get(key))).find((name) => name !== undefined);
}

function flagsOf(first: ReadonlyMap<string, string>): ReadonlySet<string> {
  const listed =
    first.get('flags') ?? first.get('Features') ?? first.get('features') ?? first.get('ASEs implemented');
  const flags = new Set((listed ?? '').toLowerCase().split(/\s+/).filter(Boolean));
  // RISC-V: `rv64imafdcv_zicsr`; single letters are extensions, `v` is the vector unit, longer names follow `_`.
  const [letters = '', ...extensions] = (first.get('isa') ?? '').toLowerCase().split('_');
  if (/^rv\d+[a-z]*v/.test(letters)) flags.add('rvv');
  for (const extension of extensions) flags.add(extension);
  // On s390x `msa` is cryptography, on MIPS the vector unit.
  if (!first.has('ASEs implemented')) flags.delete('msa');
  if (/altivec supported/.test(first.get('cpu') ?? '')) flags.add('altivec');
  return flags;
}
