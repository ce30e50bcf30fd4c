import { pciAddressOf } from '../system/uevent.js';

/** Names of GPUs by PCI address out of `amd-smi static --asic --bus --json`; undefined for what is not its answer. */
export function parseAmdSmi(text: string): ReadonlyMap<string, string> | undefined {
  const value = jsonOf(text);
  // Newer ones wrap the list.
  const list = isObject(value) && Array.isArray(value['gpu_data']) ? value['gpu_data'] : value;
  if (!Array.isArray(list)) return undefined;
  return namesIn(
    list.filter(isObject).map(({ asic, bus }) => [fieldOf(bus, 'bdf'), fieldOf(asic, 'market_name')]),
  );
}

/** The same out of `rocm-smi --showproductname --showbus --json`, whose keys changed their capitals over the years. */
export function parseRocmSmi(text: string): ReadonlyMap<string, string> | undefined {
  const value = jsonOf(text);
  if (!isObject(value)) return undefined;
  const cards = Object.values(value).filter(isObject);
  const field = (card: object, wanted: string) =>
    Object.entries(card).find(([key]) => key.toLowerCase() === wanted)?.[1] as unknown;
  return namesIn(cards.map((card) => [field(card, 'pci bus'), field(card, 'card series')]));
}

function namesIn(
  pairs: readonly (readonly [address: unknown, name: unknown])[],
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [address, name] of pairs) {
    const known = typeof address === 'string' ? pciAddressOf(address) : undefined;
    // Unnamed ones are `N/A`, or their number once more.
    if (known === undefined || typeof name !== 'string' || /^\s*(N\/A|0x[0-9a-f]+)?\s*$/i.test(name))
      continue;
    names.set(known, name.trim());
  }
  return names;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fieldOf(value: unknown, key: string): unknown {
  return isObject(value) ? value[key] : undefined;
}
