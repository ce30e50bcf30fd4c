import type { Vendor } from '../../vocabulary/taxonomy.js';
import type { Device } from '../machine.js';
import { namedBy } from './model-names.js';
import { type Place, productLines } from './product-line.js';

/** The maker by what detection says, else by a word of the model's name. */
export function makerOf({ vendor, model = '' }: Pick<Device, 'vendor' | 'model'>): Vendor | undefined {
  return vendor ?? makers.find(([, pattern]) => pattern.test(model))?.[0];
}

const makers: readonly (readonly [Vendor, RegExp])[] = [
  ['nvidia', /NVIDIA|GeForce|Quadro|Tesla|\b[GR]TX\b|TITAN/i],
  ['amd', /\bAMD\b|Radeon|Instinct/i],
  ['intel', /\bIntel\b/i],
  ['apple', /\bApple\b/i],
];

/** Undefined where neither the name nor the code of its chip says which generation a GPU is of. */
export function placeOf(device: Device): Place | undefined {
  const { model = '', capability } = device;
  const maker = makerOf(device);
  const named = maker && namedBy[maker]?.(model, device);
  if (named) return named;
  // 12 is 12.0.
  const code = capability?.replace(/^\d+$/, '$&.0');
  return byCode(device, maker, code) ?? (maker && byWord(maker, model, device));
}

/** By compute capability or gfx name; one that is newer than all that are listed counts as the next generation. */
function byCode(device: Device, maker: Vendor | undefined, code: string | undefined): Place | undefined {
  if (code === undefined) return undefined;
  for (const line of productLines.values()) {
    const generation = line.generations.findIndex(({ codes }) => codes && Object.hasOwn(codes, code));
    if (generation < 0) continue;
    const tier = line.generations[generation]?.codes?.[code] ?? tierByMemory(device);
    return { line: line.name, generation, tier };
  }
  const known = maker && codesOf(maker);
  if (!known || rankOf(code) === undefined) return undefined;
  const below = known.filter(({ rank }) => rank < (rankOf(code) ?? 0)).at(-1);
  const line = productLines.get(maker === 'amd' ? 'radeon' : 'geforce');
  if (line === undefined) return undefined;
  if (below === undefined) return { line: line.name, generation: 0, tier: tierByMemory(device) };
  if (below === known.at(-1)) {
    return { line: line.name, generation: line.generations.length, tier: tierByMemory(device) };
  }
  return byCode(device, maker, below.code);
}

function codesOf(maker: Vendor): readonly { readonly code: string; readonly rank: number }[] {
  return [...productLines.values()]
    .filter((line) => line.maker === maker)
    .flatMap(({ generations }) => generations.flatMap(({ codes = {} }) => Object.keys(codes)))
    .map((code) => ({ code, rank: rankOf(code) ?? 0 }))
    .sort((a, b) => a.rank - b.rank);
}

/** `8.9` and `gfx1151` as numbers that grow with the generation. */
function rankOf(code: string): number | undefined {
  const [, major, step] = /^gfx(\d+)([0-9a-f]{2})$/.exec(code) ?? [];
  if (major !== undefined) return Number(major) * 256 + Number.parseInt(step ?? '0', 16);
  return /^\d+(\.\d+)?$/.test(code) ? Number(code) : undefined;
}

/** Browsers tell the generation's name at most. */
function byWord(maker: Vendor, model: string, device: Device): Place | undefined {
  for (const line of productLines.values()) {
    if (line.maker !== maker || !line.classes.includes(device.class)) continue;
    const generation = line.generations.findIndex(({ name }) =>
      new RegExp(`\\b${name.replace('.', '\\.')}\\b`, 'i').test(model.replace(/rdna-(\d)/i, 'rdna$1')),
    );
    if (generation >= 0) return { line: line.name, generation, tier: tierByMemory(device) };
  }
  return undefined;
}

/** The tier by the memory, where nothing else tells how large a card is. The steps are not tuned: no measurement is recorded. */
function tierByMemory({ memoryBytes }: Device): number {
  if (memoryBytes === undefined) return 60;
  const gib = memoryBytes / 2 ** 30;
  return gib <= 4.5 ? 50 : gib <= 8.5 ? 60 : gib <= 12.5 ? 70 : gib <= 16.5 ? 80 : 90;
}
