import type { Vendor } from '../../core/vocabulary/taxonomy.js';
import { believableBytes } from '../system/meminfo.js';

/** What `system_profiler SPDisplaysDataType SPHardwareDataType -json` says of a Mac; absent where it is silent. */
export interface MacFacts {
  /** `Apple M2 Max`, in a virtual machine `Apple M2 (Virtual)`; absent on Intel Macs. */
  readonly chip?: string;
  readonly gpus: readonly MacGpu[];
}

export interface MacGpu {
  readonly model: string;
  readonly vendor?: Vendor;
  /** Of a PCI device. */
  readonly deviceId?: number;
  readonly cores?: number;
  readonly memory?: { readonly bytes: number; readonly shared: boolean };
  /** Whether Metal runs on it, as the named field says; absent when no field does. */
  readonly metal?: { readonly supported: boolean; readonly source: string };
}

/** Undefined when the text is not such an answer. */
export function parseSystemProfiler(text: string): MacFacts | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return undefined;
  }
  const displays = record(answer)['SPDisplaysDataType'];
  if (!Array.isArray(displays)) return undefined;
  const hardware = record(answer)['SPHardwareDataType'];
  const chip = word(record(Array.isArray(hardware) ? hardware[0] : undefined)['chip_type']);
  return {
    ...(chip !== undefined && { chip }),
    gpus: displays.flatMap((entry) => gpuOf(record(entry)) ?? []),
  };
}

function gpuOf(entry: Readonly<Record<string, unknown>>): MacGpu | undefined {
  const type = word(entry['sppci_device_type']);
  const model = word(entry['sppci_model']) ?? word(entry['_name']);
  if (model === undefined || (type !== undefined && type !== 'spdisplays_gpu')) return undefined;
  const vendor = vendorIn(`${word(entry['spdisplays_vendor'])} ${model}`);
  const deviceId = Number(/^0x[0-9a-f]{4}$/i.exec(word(entry['spdisplays_device-id']) ?? '')?.[0]);
  const cores = Number(word(entry['sppci_cores']));
  const own = bytesOf(word(entry['spdisplays_vram']));
  const shared = bytesOf(word(entry['spdisplays_vram_shared']));
  const bytes = own ?? shared;
  const metal = metalOf(entry);
  return {
    model,
    ...(vendor !== undefined && { vendor }),
    ...(deviceId > 0 && { deviceId }),
    ...(cores > 0 && { cores }),
    ...(bytes !== undefined && { memory: { bytes, shared: own === undefined } }),
    ...(metal !== undefined && { metal }),
  };
}

/** Names of the field, from macOS 12 back to 10.11. */
const metalFields = ['spdisplays_mtlgpufamilysupport', 'spdisplays_metalfamily', 'spdisplays_metal'] as const;

function metalOf(entry: Readonly<Record<string, unknown>>): MacGpu['metal'] {
  const field = metalFields.find((name) => word(entry[name]) !== undefined);
  if (field === undefined) return undefined;
  const value = word(entry[field]) ?? '';
  return {
    supported: !/not_?supported|no_?support/i.test(value),
    source: `system_profiler ${field} ${value}`,
  };
}

const vendorPatterns: readonly (readonly [RegExp, Vendor])[] = [
  [/apple/i, 'apple'],
  [/\b(amd|ati)\b|_(amd|ati)\b|0x1002|radeon/i, 'amd'],
  [/intel|0x8086/i, 'intel'],
  [/nvidia|0x10de/i, 'nvidia'],
];

function vendorIn(text: string): Vendor | undefined {
  return vendorPatterns.find(([pattern]) => pattern.test(text))?.[1];
}

/** `4 GB` and `1536 MB` count in binary units. */
function bytesOf(text: string | undefined): number | undefined {
  const [, amount, unit] = /^(\d{1,7}) ?([MG])B$/i.exec(text ?? '') ?? [];
  const bytes = Number(amount) * (unit?.toUpperCase() === 'G' ? 1024 ** 3 : 1024 ** 2);
  return bytes > 0 && bytes < believableBytes ? bytes : undefined;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
