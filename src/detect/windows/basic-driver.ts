import type { Vendor } from '../../core/vocabulary/taxonomy.js';
import type { WindowsDevice } from './devices.js';

/**
 * Whether only a driver of Windows itself shows a picture on this GPU of a known maker. Names are no sign: Windows
 * translates that of its basic driver. Its service, its INF, and that it matches the whole class of display controllers are
 * the same in every language.
 */
export function hasBasicDriver({ name, memory, driver = {} }: WindowsDevice, vendor: Vendor): boolean {
  const { service, inf, match, provider } = driver;
  if (/^(BasicDisplay|BasicRender|vga|VgaSave)$/i.test(service ?? '')) return true;
  if (/^(display|basicdisplay|basicrender|displayoverride)\.inf$/i.test(inf ?? '')) return true;
  if (/^PCI\\CC_03/i.test(match ?? '') || /^Microsoft\b/i.test(provider ?? '')) return true;
  if (service !== undefined || inf !== undefined || match !== undefined || provider !== undefined)
    return false;
  // Nothing is told of the driver: makers put a brand of theirs into the names of their GPUs, which no language
  // translates, and tell the memory.
  return memory === undefined && !(brands[vendor]?.test(name) ?? true);
}

const brands: Partial<Record<Vendor, RegExp>> = {
  nvidia: /NVIDIA|GeForce|Quadro|Tesla|GRID|TITAN|NVS|\b[GR]TX\b/i,
  amd: /\b(AMD|ATI)\b|Radeon|FirePro|FireGL|Instinct/i,
  intel: /Intel|\bArc\b|\bIris\b/i,
  qualcomm: /Qualcomm|Adreno|Snapdragon/i,
};

/** A maker by the brands in a GPU's name; undefined where it bears none. */
export function vendorByBrand(name: string): Vendor | undefined {
  return (Object.keys(brands) as Vendor[]).find((vendor) => brands[vendor]?.test(name));
}
