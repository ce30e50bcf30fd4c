import type { Host } from '../../host/host.js';
import { type Sourced, sourced } from '../findings/device-draft.js';
import { attributeOf, pciIdOf } from '../system/pci.js';
import { amdGpuRow } from './generation.js';
import { amdMarketingName } from './kfd.js';
import type { AmdGpu } from './memory.js';

/**
 * The name of a GPU by files alone: `product_name` (server cards), the table of libdrm (where graphics drivers are installed),
 * or this package's own table. Undefined: a tool may know.
 */
export function nameInFiles({ kfd, pci }: AmdGpu, host: Host): Sourced<string> | undefined {
  const product = pci && attributeOf(host, pci, 'product_name');
  if (product !== undefined) return sourced(product, 'probed', 'sysfs product_name');
  const deviceId = pci?.deviceId ?? kfd?.gpu.deviceId ?? 0;
  const table = '/usr/share/libdrm/amdgpu.ids';
  const revision = Number.parseInt((pci && attributeOf(host, pci, 'revision')) ?? '', 16);
  const named = Number.isNaN(revision)
    ? undefined
    : amdMarketingName(host.readFile(table) ?? '', deviceId, revision);
  if (named !== undefined) return sourced(named, 'inferred', table);
  const known = amdGpuRow(deviceId)?.name;
  return known === undefined ? undefined : sourced(known, 'inferred', `PCI id ${idText(deviceId)}`);
}

/** What a GPU without a known name is called: `AMD GPU 1002:74a9 (gfx950)`. */
export function nameOfPciId({ kfd, pci }: AmdGpu): Sourced<string> {
  const id = idText(pci?.deviceId ?? kfd?.gpu.deviceId ?? 0);
  const gfx = kfd === undefined ? '' : ` (${kfd.gpu.gfx})`;
  return sourced(`AMD GPU ${id}${gfx}`, 'probed', `PCI id ${id}`);
}

function idText(deviceId: number): string {
  return pciIdOf({ classCode: 0, vendorId: 0x1002, deviceId });
}
