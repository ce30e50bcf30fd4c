import type { Host } from '../../host/host.js';
import { type Sourced, sourced } from '../findings/device-draft.js';
import { parseByteCount } from '../system/byte-count.js';
import { attributeOf, type PciFunction } from '../system/pci.js';
import { amdGpuRow, gfxRow } from './generation.js';
import { type KfdGpu, parseKfdMemoryBank } from './kfd.js';

/** One GPU: its compute node, its PCI function, or both. */
export interface AmdGpu {
  /** `index` counts GPUs as ROCm does. */
  readonly kfd?:
    | {
        readonly gpu: KfdGpu;
        readonly index: number;
        readonly directory: string;
        /** It is one of several parts of a card, such as an eighth of an MI300X in the mode CPX. */
        readonly isPartition: boolean;
      }
    | undefined;
  /** Of a partition: the function of its card. */
  readonly pci?: PciFunction | undefined;
}

export interface AmdMemory {
  readonly total?: Sourced<number> | undefined;
  readonly free?: Sourced<number> | undefined;
}

/**
 * A card has its VRAM. A chip in a processor has the part of the RAM that the firmware set aside for it ("VRAM", often
 * 512 MiB) and what the driver lets it map (GTT): ROCm and Vulkan allocate from both. A partition has the banks of its own
 * compute node, while the PCI function tells the memory of the whole card.
 */
export function memoryOfAmd(gpu: AmdGpu, host: Host, shared: boolean): AmdMemory {
  const { kfd, pci } = gpu;
  if (kfd?.isPartition) return banksOf(kfd.directory, host);
  const vram = poolOf('vram', pci, host);
  const own: AmdMemory =
    vram !== undefined
      ? { total: sourced(vram.total, 'probed', 'sysfs mem_info_vram_total'), free: freeOf([vram]) }
      : kfd === undefined
        ? {}
        : banksOf(kfd.directory, host);
  if (!shared || own.total === undefined || amdGpuRow(deviceIdOf(gpu))?.memory === 'vram') return own;
  const gtt = poolOf('gtt', pci, host);
  if (gtt === undefined) {
    // In containers that are shown the compute topology alone.
    const half = Math.floor(host.totalMemoryBytes / 2);
    const source = `${own.total.evidence.source} + half of the RAM, the driver's default`;
    return { total: sourced(own.total.value + half, 'inferred', source) };
  }
  return {
    total: sourced(
      own.total.value + gtt.total,
      'probed',
      `${own.total.evidence.source} + mem_info_gtt_total`,
    ),
    free: vram && freeOf([vram, gtt]),
  };
}

interface Pool {
  readonly name: 'vram' | 'gtt';
  readonly total: number;
  /** Undefined: not told. */
  readonly free: number | undefined;
}

function poolOf(name: Pool['name'], pci: PciFunction | undefined, host: Host): Pool | undefined {
  const read = (key: string) => pci && attributeOf(host, pci, `mem_info_${name}_${key}`);
  const told = parseByteCount(read('total'));
  if (told === undefined) return undefined;
  const used = read('used') === '0' ? 0 : parseByteCount(read('used'));
  // GTT is RAM: the driver may be set to map more of it than there is, and others use it too.
  const total = name === 'gtt' ? Math.min(told, host.totalMemoryBytes) : told;
  const available = name === 'gtt' ? availableRam(host) : Number.POSITIVE_INFINITY;
  return {
    name,
    total,
    free: used === undefined || used > total ? undefined : Math.min(total - used, available),
  };
}

function availableRam(host: Host): number {
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(host.readFile('/proc/meminfo') ?? '')?.[1];
  return kibibytes === undefined ? Number.POSITIVE_INFINITY : Number(kibibytes) * 1024;
}

function freeOf(pools: readonly Pool[]): Sourced<number> | undefined {
  let sum = 0;
  for (const { free } of pools) {
    if (free === undefined) return undefined;
    sum += free;
  }
  return sourced(sum, 'probed', `sysfs ${pools.map(({ name }) => `mem_info_${name}_used`).join(' + ')}`);
}

/** The GPU's own memory banks in the compute topology. */
function banksOf(directory: string, host: Host): AmdMemory {
  const folder = `${directory}/mem_banks`;
  const banks = host
    .readDirectory(folder)
    .map((name) => ({
      bytes: parseKfdMemoryBank(host.readFile(`${folder}/${name}/properties`) ?? ''),
      used: host.readFile(`${folder}/${name}/used_memory`)?.trim(),
    }))
    .filter(({ bytes }) => bytes > 0);
  const total = banks.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total === 0) return {};
  const used = banks.map((bank) => (bank.used === '0' ? 0 : parseByteCount(bank.used)));
  const free = total - used.reduce((sum: number, bytes) => sum + (bytes ?? 0), 0);
  return {
    total: sourced(total, 'probed', 'KFD mem_banks'),
    free:
      used.every((bytes) => bytes !== undefined) && free >= 0
        ? sourced(free, 'probed', 'KFD used_memory')
        : undefined,
  };
}

const GiB = 1024 ** 3;

/**
 * Why the GPU is one that shares the RAM; undefined for a card. By its instruction set and id where the tables know them;
 * else by a compute node that is CPU and GPU at once, by the form of its metrics, or by a VRAM that no card has had for
 * years beside a larger GTT.
 */
export function sharedBecause(gpu: AmdGpu, host: Host): string | undefined {
  const { kfd, pci } = gpu;
  const id = amdGpuRow(deviceIdOf(gpu));
  if (id?.integrated) return `PCI id 1002:${id.id}`;
  const row = kfd && gfxRow(kfd.gpu.gfx);
  if (row?.integrated) return `KFD gfx_target_version ${row.gfx}`;
  if (kfd?.gpu.isBesideCpu) return 'one KFD node of CPU and GPU';
  if (row !== undefined || pci === undefined) return undefined;
  // A header of 4 bytes: size, format, content. Formats 2 and 3 are those of chips in processors.
  const format = attributeOf(host, pci, 'gpu_metrics')?.charCodeAt(2);
  if (format === 2 || format === 3) return `sysfs gpu_metrics of format ${format}`;
  const vram = parseByteCount(attributeOf(host, pci, 'mem_info_vram_total')) ?? 0;
  const gtt = parseByteCount(attributeOf(host, pci, 'mem_info_gtt_total')) ?? 0;
  return kfd !== undefined && vram > 0 && vram < 2 * GiB && gtt > vram
    ? 'sysfs mem_info_vram_total below mem_info_gtt_total'
    : undefined;
}

function deviceIdOf({ kfd, pci }: AmdGpu): number {
  return pci?.deviceId ?? kfd?.gpu.deviceId ?? 0;
}
