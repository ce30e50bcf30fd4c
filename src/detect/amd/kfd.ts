import { parseByteCount } from '../system/byte-count.js';
import { pciAddressOf } from '../system/uevent.js';

/** One GPU out of `/sys/class/kfd/kfd/topology/nodes/<n>/properties`. */
export interface KfdGpu {
  /** `gfx942`. */
  readonly gfx: string;
  readonly vendorId: number;
  readonly deviceId: number;
  readonly address: string;
  /** The number in `/dev/dri/renderD<n>`. */
  readonly renderMinor?: number;
  /** The node has CPU cores too: a chip that shares the RAM. */
  readonly isBesideCpu?: true;
  /** As ROCm names the GPU: `GPU-<16 hex digits>`. */
  readonly uuid?: string;
}

/** Undefined for a CPU's node, and for what is no such file. */
export function parseKfdProperties(text: string): KfdGpu | undefined {
  const value = (key: string) => new RegExp(`^${key} (\\d{1,20})$`, 'm').exec(text)?.[1];
  const number = (key: string) => Number(value(key) ?? 0);
  const gfx = gfxName(number('gfx_target_version'));
  if (gfx === undefined || number('simd_count') === 0) return undefined;
  const renderMinor = number('drm_render_minor');
  const uniqueId = BigInt(value('unique_id') ?? 0);
  return {
    gfx,
    vendorId: number('vendor_id'),
    deviceId: number('device_id'),
    address: addressOf(number('domain'), number('location_id')),
    ...(number('cpu_cores_count') > 0 && { isBesideCpu: true as const }),
    ...(renderMinor > 0 && { renderMinor }),
    ...(uniqueId > 0n && { uuid: `GPU-${uniqueId.toString(16).padStart(16, '0')}` }),
  };
}

/**
 * The compiler's name by version number: 90402 → `gfx942`, 90010 → `gfx90a` (the last digits are hexadecimal),
 * 110001 → `gfx1101`. Undefined below 70000: no GPU that computes.
 */
export function gfxName(version: number): string | undefined {
  if (!Number.isSafeInteger(version) || version < 70_000 || version > 999_999) return undefined;
  const [major, minor, step] = [Math.floor(version / 10_000), Math.floor(version / 100) % 100, version % 100];
  return `gfx${major}${minor.toString(16)}${step.toString(16)}`;
}

/** Bytes of a memory bank that is the GPU's own, out of `mem_banks/<n>/properties`; 0 for any other. */
export function parseKfdMemoryBank(text: string): number {
  // Heap types 1 and 2: frame buffer, seen by the CPU or not.
  if (!/^heap_type [12]$/m.test(text)) return 0;
  return parseByteCount(/^size_in_bytes (\d+)$/m.exec(text)?.[1]) ?? 0;
}

/** Names of GPUs by device and revision, out of libdrm's `amdgpu.ids`: `744C,\tC8,\tAMD Radeon RX 7900 XTX`. */
export function amdMarketingName(table: string, deviceId: number, revision: number): string | undefined {
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  const row = new RegExp(`^${hex(deviceId)},\\s*${hex(revision)},\\s*(\\S.*?)\\s*$`, 'im');
  return row.exec(table)?.[1];
}

function addressOf(domain: number, location: number): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  const text = `${hex(domain, 4)}:${hex((location >> 8) & 0xff, 2)}:${hex((location >> 3) & 0x1f, 2)}.${location & 7}`;
  return pciAddressOf(text) ?? text;
}
