import type { Vendor } from '../../core/vocabulary/taxonomy.js';
import type { Host } from '../../host/host.js';
import { amdModelByName } from '../amd/model-names.js';
import { physicalMemoryOf } from '../budget/budget.js';
import { type Sourced, sourced } from '../findings/device-draft.js';
import intelCards from '../intel/cards.json' with { type: 'json' };
import type { WindowsDevice } from './devices.js';

const MiB = 1024 ** 2;

/** Intel's processors set aside at most this much for their GPUs; every card has more. */
const mostForIntegratedBytes = 2048 * MiB;

/** Whether the memory of a GPU is the machine's. Decided by PCI ids and models in tables, then by its own memory. */
export function sharesMemory({ name, pnpId, memory }: WindowsDevice, vendor: Vendor | undefined): boolean {
  if (vendor === 'intel') {
    const isCard = intelCards.some(({ pattern }) => new RegExp(`^(?:${pattern})$`).test(pciDeviceOf(pnpId)));
    return !isCard && (memory?.bytes ?? 0) <= mostForIntegratedBytes;
  }
  if (vendor === 'amd') return amdModelByName(name)?.integrated ?? /Graphics$/i.test(name);
  // NVIDIA's chips for laptops with ARM cores (GB10, N1X) have no memory of their own.
  return vendor === 'qualcomm' || (vendor === 'nvidia' && /\b(GB10|N1X?)\b/.test(name));
}

/**
 * Windows lends such a GPU up to half of the RAM that it manages. What the firmware of AMD's processors sets aside for
 * the GPU comes on top, because Windows does not count it as RAM; Intel's 128 MiB are too few to matter.
 */
export function sharedMemoryOf(
  { memory }: WindowsDevice,
  vendor: Vendor | undefined,
  host: Host,
): Sourced<number> | undefined {
  const ram = physicalMemoryOf(host)?.amount;
  if (ram === undefined) return undefined;
  const setAside = vendor === 'amd' ? (memory?.bytes ?? 0) : 0;
  return sourced(
    Math.floor(ram / 2) + setAside,
    'inferred',
    `Windows lends the GPU half of the RAM${setAside > 0 ? `, the firmware sets aside ${Math.round(setAside / MiB)} MiB` : ''}`,
  );
}

/** `b080` of `PCI\VEN_8086&DEV_B080&…`; empty where there is none. */
export function pciDeviceOf(pnpId: string): string {
  return /&DEV_([0-9A-F]{4})/i.exec(pnpId)?.[1]?.toLowerCase() ?? '';
}
