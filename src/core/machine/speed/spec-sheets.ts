import type { DeviceClass } from '../../vocabulary/taxonomy.js';
import type { Device } from '../machine.js';
import data from './data-sheets.json' with { type: 'json' };
import { makerOf, placeOf } from './place.js';
import { type Place, productLines } from './product-line.js';
import { estimateAt, type ModelRow } from './sheet-estimate.js';

/** Dense peaks: 10⁹ operations per second by precision, GB/s of the memory. What nobody tells is left out. */
export type Sheet = { readonly [figure in Figure]?: SheetFigure };
export type Figure = 'fp32' | 'fp16' | 'int8' | 'memory';

interface SheetFigure {
  readonly value: number;
  /** `spec`: the maker says so. `estimated`: by cores and clock, or from the models around it. */
  readonly basis: 'spec' | 'estimated';
  /** For a person. */
  readonly reason: string;
}

/** What is known of a model without measuring it; a MIG slice has its share of the card. */
export function sheetOf(device: Device): Sheet | undefined {
  if (device.class === 'cpu') return undefined;
  if (known.has(device)) return known.get(device);
  const { vendor, model, capability, memoryBytes } = device;
  const key = JSON.stringify([device.class, vendor, model, capability, memoryBytes]);
  if (!knownByModel.has(key)) {
    if (knownByModel.size >= mostKnown) knownByModel.clear();
    knownByModel.set(key, findSheet(device));
  }
  const found = knownByModel.get(key);
  known.set(device, found);
  return found;
}

/** Asked for every placement; a device does not change, and devices of one model are alike. */
const known = new WeakMap<Device, Sheet | undefined>();
const knownByModel = new Map<string, Sheet | undefined>();
const mostKnown = 1000;

/** Where a device stands among its maker's products: by its row of the table, else by its name or chip. */
export function standingOf(device: Device): Place | undefined {
  const row = rowOf(device);
  return row === undefined ? placeOf(device) : placeOfRow(row);
}

const figures = ['fp32', 'fp16', 'int8', 'memory'] as const;

function findSheet(device: Device): Sheet | undefined {
  const { model = '' } = device;
  const row = rowOf(device);
  const place = row === undefined ? placeOf(device) : placeOfRow(row);
  const share = Number(/\bMIG (?:\d+c\.)?(\d)g\./.exec(model)?.[1] ?? 7) / 7;
  const found = figures.flatMap((figure): [Figure, SheetFigure][] => {
    const listed = row?.[figure];
    if (row !== undefined && listed !== undefined) {
      const derived = row.derived?.includes(figure) === true;
      const reason = derived ? `estimated from cores and clock of ${model}` : `data sheet of ${model}`;
      return [[figure, { value: listed * share, basis: derived ? 'estimated' : 'spec', reason }]];
    }
    const estimate = place && estimateAt(rowsByLine().get(place.line) ?? [], place, figure);
    return estimate === undefined
      ? []
      : [[figure, { value: estimate * share, basis: 'estimated', reason: reasonOf(place as Place) }]];
  });
  return found.length === 0 ? undefined : (Object.fromEntries(found) as Sheet);
}

function reasonOf({ line, generation }: Place): string {
  const name = productLines.get(line)?.generations[generation]?.name ?? 'newer generation';
  return `estimated from data sheets around it (${line}, ${name})`;
}

interface PlacedRow extends ModelRow {
  readonly name: string;
  readonly line: string;
  readonly classes: readonly DeviceClass[];
  readonly maker: string;
  readonly derived: readonly string[] | undefined;
  matches(model: string, variants: string): boolean;
}

let rows: readonly PlacedRow[] | undefined;
let lines: ReadonlyMap<string, readonly PlacedRow[]> | undefined;

/** Longer names first: what they add tells models apart. Made when they are first asked for: most runs never do. */
function allRows(): readonly PlacedRow[] {
  rows ??= (data.models as readonly SheetRow[]).flatMap((row) => placedRow(row)).sort(byDetail);
  return rows;
}

function rowsByLine(): ReadonlyMap<string, readonly PlacedRow[]> {
  lines ??= new Map(
    [...productLines.keys()].map((name) => [name, allRows().filter(({ line }) => line === name)]),
  );
  return lines;
}

/** One row of data-sheets.json. */
interface SheetRow {
  readonly model: string;
  readonly line: string;
  readonly generation: string;
  readonly tier: number;
  readonly match?: string;
  readonly fp32?: number;
  readonly fp16?: number;
  readonly int8?: number;
  readonly memory?: number;
  readonly derived?: readonly string[];
}

function placedRow({ model, line, generation, match, derived, ...row }: SheetRow): readonly PlacedRow[] {
  const own = productLines.get(line);
  const index = own?.generations.findIndex(({ name }) => name === generation) ?? -1;
  if (own === undefined || index < 0) return [];
  const words = model.split(' ').map((word) => word.replace(/[()/.]/g, '\\$&'));
  const pattern = new RegExp(match ?? `(?<![a-z0-9])${words.join('[\\s_-]*')}(?![a-z0-9])`, 'i');
  const variants = variantsOf(model);
  return [
    {
      ...row,
      name: model,
      line,
      generation: index,
      classes: own.classes,
      maker: own.maker,
      derived,
      matches: (name, theirs) => pattern.test(name) && (match !== undefined || theirs === variants),
    },
  ];
}

const byDetail = (a: PlacedRow, b: PlacedRow) => b.name.length - a.name.length;

function rowOf(device: Device): PlacedRow | undefined {
  const { model } = device;
  if (model === undefined) return undefined;
  const maker = makerOf(device);
  const variants = variantsOf(model);
  return allRows().find(
    (row) =>
      row.classes.includes(device.class) &&
      (maker === undefined || maker === row.maker) &&
      row.matches(model, variants),
  );
}

/** Words that make another model of the same name. */
function variantsOf(model: string): string {
  const found = model.match(
    /(?<=\d ?)(?:Ti|XTX|XT|D)\b|\b(?:SUPER|Laptop|Max-?Q|Mobile|GRE|Pro|Max|Ultra|Ada|Neural Engine)\b/gi,
  );
  return (found ?? [])
    .map((word) => word.toLowerCase())
    .sort()
    .join(' ');
}

function placeOfRow({ line, generation, tier }: PlacedRow): Place {
  return { line, generation, tier };
}

const tera = (fp32: number, fp16: number, int8: number, memory: number) => ({
  fp32: fp32 * 1000,
  fp16: fp16 * 1000,
  int8: int8 * 1000,
  memory,
});

/**
 * What a device of the class typically does, in orders of magnitude, where nothing else is known. The CPU's figures are
 * those of one thread in WebAssembly, as it is measured.
 */
export const typicalFigures: Readonly<Record<DeviceClass, Readonly<Record<Figure, number>>>> = {
  cpu: { fp32: 20, fp16: 10, int8: 20, memory: 10 },
  gpu: tera(5, 10, 20, 300),
  tpu: tera(20, 100, 200, 800),
  npu: tera(1, 5, 10, 50),
  dsp: tera(0.1, 0.5, 2, 30),
  fpga: tera(0.5, 1, 5, 50),
  asic: tera(5, 50, 100, 500),
  hybrid: { fp32: 20, fp16: 10, int8: 20, memory: 10 },
};
