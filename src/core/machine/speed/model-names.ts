import type { Vendor } from '../../vocabulary/taxonomy.js';
import type { Device } from '../machine.js';
import { named, newer, type Place, placed } from './product-line.js';

type Naming = (model: string, device: Device) => Place | undefined;

/** What a maker's model names say. */
export const namedBy: Readonly<Partial<Record<Vendor, Naming>>> = {
  nvidia,
  amd,
  intel,
  apple,
  google,
  amazon,
};

const isMobile = (model: string) => /Laptop|Max-?Q|Mobile|Notebook/i.test(model);

function nvidia(model: string): Place | undefined {
  const laptop = isMobile(model);
  const professional = /\bRTX (PRO )?A?(\d)(\d)?00\b.*?\b(Ada|Blackwell)?\b/i.exec(model);
  if (professional || /Quadro|\bRTX A\d/i.test(model)) return workstation(model, laptop);
  const gaming = /\b(?:RTX|GTX|GT)[\s-]*(\d{1,2})([1-9])[05](M?)\b/i.exec(model);
  if (gaming) {
    const [, series = '', tens = '', mobile] = gaming;
    const line = laptop || mobile ? 'geforce-laptop' : 'geforce';
    return placed(line, series, Number(tens) * 10 + suffixOf(model));
  }
  const [, letter, number = ''] = /\b(G?[BH]|V?R|[AVPTKML])(\d{1,3})[A-Z]?\b/.exec(model) ?? [];
  if (letter === undefined) return undefined;
  const tier = Number(number);
  // A30 and all above 100 have the compute chip, and so have H and B throughout.
  const compute = /^(GB|GH|H|V|V?R)$/.test(letter) || tier === 30 || tier >= 80;
  if (!compute) return placed('nvidia-inference', letter, tier);
  // What is sold in fewer countries (800) or cut down (20) is below the chip's full form.
  const rank = tier >= 800 ? 98 : tier >= 100 ? 100 + tier / 100 : tier;
  return letter.endsWith('R')
    ? named('nvidia-compute', newer, rank + 5)
    : placed('nvidia-compute', letter, rank);
}

/** The word of the family tells the generation, as the numbers come again; a laptop's are near those of gaming. */
function workstation(model: string, laptop: boolean): Place | undefined {
  const family =
    [
      ['blackwell', /Blackwell|RTX PRO/i],
      ['ada', /\bAda\b/i],
      ['ampere', /\bRTX A\d/i],
      ['turing', /Quadro (RTX|T)/i],
      ['volta', /GV100/i],
      ['pascal', /Quadro [GP]?P\d/i],
      ['maxwell', /Quadro M\d/i],
    ].find(([, pattern]) => (pattern as RegExp).test(model))?.[0] ?? undefined;
  const number = Number(/(\d{3,4})\b(?!\s*GB)/i.exec(model)?.[1] ?? 0);
  if (family === undefined || number === 0) return undefined;
  if (!laptop) return named('nvidia-workstation', family as string, number / 100);
  return named('geforce-laptop', family as string, Math.min(90, 50 + Math.max(0, number / 100 - 10)));
}

function amd(model: string): Place | undefined {
  if (/Instinct|\bMI\d/.test(model)) {
    const number = Number(/\bMI(\d+)/.exec(model)?.[1] ?? 0);
    const generation = instinct.find(([from]) => number >= from)?.[1];
    return generation === undefined ? undefined : named('instinct', generation, 100);
  }
  const professional = /\b[WR](\d)(\d)\d0\b/.exec(model);
  if (professional) return placed('radeon-pro', professional[1] ?? '', Number(professional[2]) * 10);
  const line = /\bRX\s?\d+[MS]\b/i.test(model) || isMobile(model) ? 'radeon-laptop' : 'radeon';
  // RX 580 has three digits, RX 5700 four; from RX 9000 on the tier is the last but one.
  const [, early, size] = /\bRX\s?([45])(\d)0X?\b/i.exec(model) ?? [];
  if (early !== undefined) return placed(line, early, 40 + Number(size) + suffixOf(model) / 10);
  const [, series, second, third] = /\bRX\s?(\d+)(\d)(\d)0/i.exec(model) ?? [];
  if (series === undefined) return undefined;
  const tens = Number(Number(series) >= 9 ? third : second) * 10;
  const fine = Number(series) >= 9 ? 0 : Number(third) / 5;
  return placed(line, series === '5' ? '5-' : series, tens + fine + suffixOf(model));
}

const instinct = [
  [360, newer],
  [350, 'cdna4'],
  [300, 'cdna3'],
  [200, 'cdna2'],
  [100, 'cdna1'],
  [50, 'vega20'],
  [1, 'vega'],
] as const;

function intel(model: string): Place | undefined {
  const [, series, tier] = /\bArc.{0,10}?\b([A-Z])(\d{2,3})M?\b(?! ?V)/.exec(model) ?? [];
  if (series !== undefined) {
    const size = Number(tier) / (Number(tier) < 100 ? 1 : 10);
    return series > 'B' ? named('arc', newer, size) : placed('arc', series, size);
  }
  const [, max] = /\bMax (\d{4})\b/.exec(model) ?? [];
  if (max !== undefined) return named('intel-compute', 'ponte-vecchio', Number(max) / 15.5);
  const gaudi = /Gaudi ?(\d)?/i.exec(model);
  if (gaudi) return placed('gaudi', gaudi[1] ?? '1', 10);
  if (/\d{2,3}V\b|Lunar Lake|Panther Lake/.test(model)) return named('intel-integrated', 'xe2', 70);
  if (/Arc|Meteor Lake|Arrow Lake/.test(model)) return named('intel-integrated', 'xe-lpg', 60);
  if (/Iris.{0,6} Xe|UHD Graphics 7\d\d|UHD Graphics\b.*(Tiger|Alder|Raptor)/.test(model)) {
    return named('intel-integrated', 'xe-lp', /Iris/.test(model) ? 50 : 30);
  }
  if (/Iris.{0,6} Plus|Ice Lake/.test(model)) return named('intel-integrated', 'gen11', 50);
  return /\bU?HD Graphics [56]\d\d/.test(model) ? named('intel-integrated', 'gen9', 30) : undefined;
}

function apple(model: string, device: Device): Place | undefined {
  if (device.class !== 'gpu') return undefined;
  const [, series, size = ''] = /\bM(\d+)\b(?: (Pro|Max|Ultra))?/i.exec(model) ?? [];
  if (series !== undefined) {
    return placed('apple', series, 10 + 10 * ['', 'pro', 'max', 'ultra'].indexOf(size.toLowerCase()));
  }
  const phone = Number(/\bA(\d\d)\b/.exec(model)?.[1] ?? 0);
  // The phone's chip of the same year: A14 with M1, A18 with M4.
  return phone >= 14 ? placed('apple', String(phone >= 17 ? phone - 14 : phone - 13), 5) : undefined;
}

function google(model: string, device: Device): Place | undefined {
  const [, series, size] = /\bv?(\d+)(p|x|e|litepod)?\b/i.exec(model) ?? [];
  return device.class === 'tpu' && series !== undefined && !/Coral|Edge/i.test(model)
    ? placed('tpu', series, /[px]/i.test(size ?? '') ? 20 : 10)
    : undefined;
}

function amazon(model: string): Place | undefined {
  const [, family = '', series = '1'] = /(Inferentia|Trainium) ?(\d)?/i.exec(model) ?? [];
  return family === '' ? undefined : placed(family.toLowerCase(), series, 10);
}

/** What a name adds to its number. */
function suffixOf(model: string): number {
  const has = (pattern: RegExp) => pattern.test(model);
  return (
    (has(/\d ?Ti\b/i) ? 5 : 0) +
    (has(/SUPER\b/i) ? 3 : 0) +
    (has(/\d ?XTX\b/i) ? 8 : has(/\d ?XT\b/i) ? 5 : 0) +
    (has(/\bGRE\b/i) ? 3 : 0) -
    (has(/\d ?D\b/) ? 1 : 0)
  );
}
