import type { Device } from '../core/machine/machine.js';
import { formatBytes } from '../core/vocabulary/units.js';
import type { Host } from '../host/host.js';

/** What somebody has taken of a device's memory just now. */
export interface TakenMemory {
  readonly bytes: number;
  /** Who has the most of it, as far as that is told: `pid 4711 (python) holds 10 GiB`. */
  readonly by?: string;
}

/** Limit for one call. Not tuned: no measurement is recorded. */
const toolTimeoutMs = 4000;
const pciDevices = '/sys/bus/pci/devices';

/** Whether anything tells how much of the device's memory is taken: `nvidia-smi`, or the kernel's driver of AMD. */
export function tellsTakenMemory(host: Host, device: Device): boolean {
  return isNvidia(device) || amdFilesOf(host, device).length > 0;
}

/**
 * Reads the current figure; nothing is cached.
 * @param host A live one.
 * @returns Undefined where nothing tells.
 */
export async function takenMemoryOf(host: Host, device: Device): Promise<TakenMemory | undefined> {
  if (isNvidia(device)) return takenOfNvidia(host, device);
  const used = amdFilesOf(host, device).map((path) => Number(host.readFile(path)?.trim() || Number.NaN));
  const bytes = used.reduce((sum, each) => sum + each, 0);
  return used.length === 0 || !Number.isFinite(bytes) ? undefined : { bytes };
}

function isNvidia({ class: deviceClass, vendor, uuid, memoryBytes }: Device): boolean {
  return (
    deviceClass === 'gpu' && vendor === 'nvidia' && memoryBytes !== undefined && /^GPU-/.test(uuid ?? '')
  );
}

async function takenOfNvidia(
  host: Host,
  { uuid, memoryBytes = 0 }: Device,
): Promise<TakenMemory | undefined> {
  const gpus = await queryNvidiaSmi(host, '--query-gpu=uuid,memory.free');
  const freeMib = gpus.find(([id]) => id === uuid)?.[1];
  if (freeMib === undefined || !/^\d+$/.test(freeMib)) return undefined;
  // What the driver keeps for itself is not part of what the device is known to have.
  const bytes = Math.max(0, memoryBytes - Number(freeMib) * 1024 ** 2);
  if (bytes === 0) return { bytes };
  const processes = await queryNvidiaSmi(host, '--query-compute-apps=gpu_uuid,pid,used_memory,process_name');
  const [biggest] = processes
    .filter(([id, , mib = '']) => id === uuid && /^\d+$/.test(mib))
    .sort((a, b) => Number(b[2]) - Number(a[2]));
  if (biggest === undefined) return { bytes };
  const [, pid, mib, name = ''] = biggest;
  const command = name.split(/[\\/]/).at(-1) ?? '';
  const held = formatBytes(Number(mib) * 1024 ** 2);
  return { bytes, by: `pid ${pid}${command === '' ? '' : ` (${command})`} holds ${held}` };
}

async function queryNvidiaSmi(host: Host, query: string): Promise<readonly (readonly string[])[]> {
  const { status, stdout } = await host.run('nvidia-smi', [query, '--format=csv,noheader,nounits'], {
    timeoutMs: toolTimeoutMs,
    keep: 'hangs',
  });
  if (status !== 'ok') return [];
  return stdout.split('\n').map((line) => line.split(',').map((field) => field.trim()));
}

/** Counters of what the memory that the device is known to have consists of. */
function amdFilesOf(host: Host, { pciAddress, evidence }: Device): readonly string[] {
  const source = evidence['memoryBytes']?.source ?? '';
  if (pciAddress === undefined || !source.includes('mem_info_vram_total')) return [];
  return ['vram', ...(source.includes('mem_info_gtt_total') ? ['gtt'] : [])]
    .map((pool) => `${pciDevices}/${pciAddress}/mem_info_${pool}_used`)
    .filter((path) => host.exists(path));
}
