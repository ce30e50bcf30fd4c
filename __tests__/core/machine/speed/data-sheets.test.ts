import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import * as v from 'valibot';
import type { Device } from '../../../../src/core/machine/machine.js';
import { placeOf } from '../../../../src/core/machine/speed/place.js';
import type { Place } from '../../../../src/core/machine/speed/product-line.js';
import { estimateAt } from '../../../../src/core/machine/speed/sheet-estimate.js';
import { sheetOf, standingOf } from '../../../../src/core/machine/speed/spec-sheets.js';
import { performanceRanking } from '../../../../src/core/scheduler/ranking.js';
import { deviceClasses, vendors } from '../../../../src/core/vocabulary/taxonomy.js';

const positive = v.pipe(v.number(), v.minValue(0.001));
const text = v.pipe(v.string(), v.minLength(1));
const figures = ['fp32', 'fp16', 'int8', 'memory'] as const;
const schema = v.strictObject({
  sources: v.record(text, text),
  lines: v.array(
    v.strictObject({
      name: text,
      maker: v.picklist(vendors),
      classes: v.array(v.picklist(deviceClasses)),
      generations: v.array(
        v.strictObject({
          name: text,
          codes: v.exactOptional(v.record(text, v.nullable(positive))),
          series: v.exactOptional(v.array(text)),
        }),
      ),
    }),
  ),
  models: v.array(
    v.strictObject({
      model: text,
      line: text,
      generation: text,
      tier: positive,
      match: v.exactOptional(text),
      fp32: v.exactOptional(positive),
      fp16: v.exactOptional(positive),
      int8: v.exactOptional(positive),
      memory: v.exactOptional(positive),
      derived: v.exactOptional(v.array(v.picklist(figures))),
      source: text,
    }),
  ),
});
const table = v.parse(schema, JSON.parse(readFileSync('src/core/machine/speed/data-sheets.json', 'utf8')));
const lineNamed = (name: string) => table.lines.find((line) => line.name === name);

const isDerived = ({ derived = [] }: { readonly derived?: readonly string[] }, figure: string) =>
  derived.includes(figure);

const gpu = (model: string, fields: Partial<Device> = {}): Device => ({
  id: model,
  class: 'gpu',
  model,
  usable: true,
  software: false,
  backends: [],
  precisions: ['fp32', 'fp16', 'int8'],
  features: [],
  evidence: {},
  ...fields,
});
const orderOf = (models: readonly string[], operation = 'matmul', precision: 'fp32' | 'fp16' = 'fp32') =>
  performanceRanking(
    models.map((model) => gpu(model)),
    operation,
    precision,
  ).map(({ device }) => device.id);

describe('the table', () => {
  test('every model has a source, a line and a generation of it', () => {
    for (const { line, generation, source, model } of table.models) {
      expect(table.sources).toHaveProperty([source]);
      expect([model, lineNamed(line)?.generations.map(({ name }) => name)]).toEqual([
        model,
        expect.arrayContaining([generation]),
      ]);
    }
    const used = new Set(table.models.map(({ source }) => source));
    expect(Object.keys(table.sources).filter((source) => !used.has(source))).toEqual([]);
    expect(new Set(table.models.map(({ model }) => model)).size).toBe(table.models.length);
  });

  test('no two generations of a maker have one code', () => {
    const codes = table.lines.flatMap(({ generations }) =>
      generations.flatMap(({ codes = {} }) => Object.keys(codes)),
    );
    expect(new Set(codes).size).toBe(codes.length);
  });

  test('figures by cores and clock do not contradict what makers say of models of other generations', () => {
    const wrong = table.models.flatMap((one) =>
      table.models.flatMap((other) => {
        const line = lineNamed(one.line);
        if (one.line !== other.line || !line) return [];
        const index = (name: string) => line.generations.findIndex((each) => each.name === name);
        const level = index(one.generation) >= index(other.generation) && one.tier >= other.tier;
        return figures
          .filter(
            (figure) =>
              level &&
              isDerived(one, figure) !== isDerived(other, figure) &&
              (one[figure] ?? Infinity) < (other[figure] ?? 0),
          )
          .map((figure) => `${figure}: ${one.model} < ${other.model}`);
      }),
    );
    expect(wrong).toEqual([]);
  });
});

describe('models that are not listed', () => {
  /** Fastest first; every order is by what the makers sell. */
  test.each([
    ['GeForce by tier', ['RTX 4090', 'RTX 4080', 'RTX 4070 Ti', 'RTX 4070', 'RTX 4060', 'RTX 3060']],
    ['a T4 is below a B200', ['NVIDIA B200', 'NVIDIA H100 80GB HBM3', 'Tesla T4']],
    ['Ti above the plain one', ['NVIDIA GeForce RTX 2080 Ti', 'NVIDIA GeForce RTX 2080']],
    ['a card that does not exist yet', ['NVIDIA GeForce RTX 6090', 'NVIDIA GeForce RTX 5090']],
    ['and its smaller sister', ['NVIDIA GeForce RTX 6060', 'NVIDIA GeForce RTX 5060', 'RTX 4060']],
    ['laptops with Max-Q', ['RTX 4090 Laptop GPU', 'RTX 2080 with Max-Q Design', 'RTX 2060 Laptop GPU']],
    ['professional cards', ['RTX PRO 6000 Blackwell Server Edition', 'RTX 6000 Ada Generation', 'RTX A6000']],
    ['and unlisted ones', ['NVIDIA RTX 5880 Ada Generation', 'NVIDIA RTX A5000', 'Quadro P5000']],
    ['compute cards', ['NVIDIA GB300', 'NVIDIA H800', 'NVIDIA A800-SXM4-80GB', 'Tesla P100-PCIE-16GB']],
    ['Radeon', ['AMD Radeon RX 9070 XT', 'AMD Radeon RX 9070 GRE', 'AMD Radeon RX 6600']],
    ['Radeon of the next generation', ['Radeon RX 10080 XT', 'Radeon RX 580']],
    ['Instinct', ['AMD Instinct MI400', 'AMD Instinct MI300X', 'AMD Instinct MI250X/MI250', 'Instinct MI50']],
    ['Arc', ['Intel(R) Arc(TM) B770 Graphics', 'Intel(R) Arc(TM) A380 Graphics', 'Intel UHD Graphics 630']],
    ['Apple', ['Apple M5 Max', 'Apple M4 Pro', 'Apple M4', 'Apple A18', 'Apple A14']],
    ['Arc of the next generation', ['Intel Arc C770', 'Intel Arc B580']],
    ['Rubin', ['NVIDIA VR200', 'NVIDIA B200']],
    ['Apple of the next generation', ['Apple M6 Ultra', 'Apple M3 Ultra', 'Apple M6', 'Apple M5']],
  ])('%s', (_, models) => {
    expect(orderOf([...models].reverse())).toEqual(models);
    expect(orderOf([...models].reverse(), 'matmul', 'fp16')).toEqual(models);
  });

  test('say that they are estimated, and from what', () => {
    const [best] = performanceRanking([gpu('NVIDIA GeForce RTX 4050')], 'matmul', 'fp32');
    expect(best).toMatchObject({
      basis: 'estimated',
      reason: 'estimated from data sheets around it (geforce, ada)',
    });
    expect(best?.value).toBeGreaterThan(9100);
    expect(best?.value).toBeLessThan(15100);
  });

  test('every generation has a figure of every kind, by its code alone', () => {
    for (const { maker, generations, name } of table.lines) {
      for (const code of generations.flatMap(({ codes = {} }) => Object.keys(codes))) {
        const device = gpu('Graphics Device', { vendor: maker, capability: code });
        expect([name, code, Object.keys(sheetOf(device) ?? {}).sort()]).toEqual([
          name,
          code,
          [...figures].sort(),
        ]);
      }
    }
  });

  test('every compute capability that detection knows has figures', () => {
    const file = 'src/core/machine/nvidia-generations.json';
    const { generations } = v.parse(
      v.looseObject({ generations: v.array(v.looseObject({ capability: v.number() })) }),
      JSON.parse(readFileSync(file, 'utf8')),
    );
    expect(generations.length).toBeGreaterThan(10);
    for (const { capability } of generations) {
      const device = gpu('NVIDIA Graphics Device', { vendor: 'nvidia', capability: String(capability) });
      const fp32 = sheetOf(device)?.fp32;
      expect([capability, Object.keys(sheetOf(device) ?? {}).sort()]).toEqual([
        capability,
        [...figures].sort(),
      ]);
      expect(fp32?.basis).toBe('estimated');
    }
  });

  test('a code that is newer than the table is at least as fast as the newest of its size', () => {
    const of = (capability: string) =>
      sheetOf(gpu('NVIDIA Graphics Device', { capability, memoryBytes: 32 * 2 ** 30 }))?.fp32?.value ?? 0;
    expect(of('13.0')).toBeGreaterThanOrEqual(of('12.0'));
    expect(of('12.0')).toBeGreaterThan(of('8.6'));
    expect(of('7.8')).toBe(of('7.5'));
  });

  test('memory tells the tier where no name does', () => {
    const of = (gib: number) =>
      sheetOf(gpu('NVIDIA Graphics Device', { capability: '8.9', memoryBytes: gib * 2 ** 30 }))?.fp32?.value;
    expect(of(24)).toBeGreaterThan(of(8) ?? Infinity);
  });

  test('a name of another maker is not taken for one of the table', () => {
    expect(standingOf(gpu('Apple M4'))?.line).toBe('apple');
    expect(standingOf(gpu('Tesla M4'))?.line).toBe('nvidia-inference');
    expect(standingOf(gpu('Some GPU'))).toBeUndefined();
  });

  test('every listed model is found by its own name, at its own place', () => {
    for (const { model, line, tier, match } of table.models) {
      const { maker, classes = [] } = lineNamed(line) ?? {};
      if (match !== undefined || maker === undefined || classes[0] === undefined) continue;
      const device = gpu(model, { vendor: maker, class: classes[0] });
      expect([model, standingOf(device)]).toEqual([model, expect.objectContaining({ line, tier })]);
    }
  });
});

describe('no mixture of listed and estimated models is against their generations', () => {
  const lines = [...new Set(table.models.map(({ line }) => line))];
  const indexOf = (line: string, name: string) =>
    lineNamed(line)?.generations.findIndex((each) => each.name === name) ?? -1;
  const rowsOf = (line: string) =>
    table.models
      .filter((row) => row.line === line)
      .map((row) => ({ ...row, generation: indexOf(line, row.generation) }));
  const anyPlace = fc.constantFrom(...lines).chain((line) =>
    fc.record({
      line: fc.constant(line),
      figure: fc.constantFrom(...figures),
      places: fc.tuple(
        ...[0, 1].map(() =>
          fc.record({
            generation: fc.nat({ max: lineNamed(line)?.generations.length ?? 0 }),
            tier: fc.integer({ min: 1, max: 120 }),
          }),
        ),
      ),
    }),
  );
  const isLevel = (a: Omit<Place, 'line'>, b: Omit<Place, 'line'>) =>
    a.generation >= b.generation && a.tier >= b.tier;

  test('two estimates', () => {
    fc.assert(
      fc.property(anyPlace, ({ line, figure, places: [a, b] }) => {
        if (a === undefined || b === undefined) return;
        const [one, other] = [a, b].map((place) => estimateAt(rowsOf(line), place, figure) ?? 0);
        if (isLevel(a, b)) expect(one).toBeGreaterThanOrEqual(other ?? 0);
        if (isLevel(b, a)) expect(other).toBeGreaterThanOrEqual(one ?? 0);
      }),
      { numRuns: 500 },
    );
  });

  test('an estimate and a data sheet, wherever data sheets agree with each other', () => {
    fc.assert(
      fc.property(anyPlace, ({ line, figure, places: [place] }) => {
        if (place === undefined) return;
        const rows = rowsOf(line).filter((row) => row[figure] !== undefined);
        const estimate = estimateAt(rowsOf(line), place, figure);
        for (const row of rows) {
          const value = row[figure] ?? 0;
          const contradicted = (sign: 1 | -1) =>
            rows.some(
              (other) =>
                (sign === 1 ? isLevel(other, place) : isLevel(place, other)) &&
                sign * ((other[figure] ?? 0) - value) < 0,
            );
          if (isLevel(place, row) && !contradicted(1)) expect(estimate).toBeGreaterThanOrEqual(value - 1e-9);
          if (isLevel(row, place) && !contradicted(-1)) expect(estimate).toBeLessThanOrEqual(value + 1e-9);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('leaving any model out of the table does not put it beyond those around it', () => {
    for (const line of lines) {
      for (const figure of figures) {
        const rows = rowsOf(line);
        for (const left of rows) {
          const others = rows.filter((row) => row !== left);
          const estimate = estimateAt(others, left, figure);
          if (estimate === undefined || left[figure] === undefined) continue;
          const below = others.filter((row) => isLevel(left, row) && (row[figure] ?? 0) > 0);
          const above = others.filter((row) => isLevel(row, left) && (row[figure] ?? 0) > 0);
          const low = Math.max(0, ...below.map((row) => row[figure] ?? 0));
          const high = Math.min(Infinity, ...above.map((row) => row[figure] ?? Infinity));
          // Data sheets that disagree with each other.
          const isOutdone = above.some((row) =>
            others.some((other) => isLevel(row, other) && (other[figure] ?? 0) > (row[figure] ?? 0)),
          );
          if (low > high || isOutdone) continue;
          expect(estimate).toBeGreaterThanOrEqual(low - 1e-9);
          expect(estimate).toBeLessThanOrEqual(high + 1e-9);
        }
      }
    }
  });
});

describe('measured among data sheets', () => {
  const measured = (model: string, value: number) =>
    gpu(model, {
      performance: { 'matmul/fp32': { value, unit: 'GFLOPS', confidence: 'probed', source: 'best of 9' } },
    });
  const order = (devices: readonly Device[]) =>
    performanceRanking(devices, 'matmul', 'fp32').map(({ device }) => device.id);

  test('a card that reached 60 % of its sheet is not below one whose sheet alone is higher than that', () => {
    expect(order([measured('RTX 4090', 49_000), gpu('RTX 4080 SUPER'), gpu('RTX 3060')])).toEqual([
      'RTX 4090',
      'RTX 4080 SUPER',
      'RTX 3060',
    ]);
  });

  test('nor where another measured one reached more', () => {
    const devices = [measured('RTX 5090', 42_000), measured('RTX 3060', 12_000), gpu('RTX 4090')];
    expect(order(devices)).toEqual(['RTX 5090', 'RTX 4090', 'RTX 3060']);
  });

  test('two measured ones by what was measured', () => {
    expect(order([measured('RTX 4090', 20_000), measured('RTX 4080', 30_000)])).toEqual([
      'RTX 4080',
      'RTX 4090',
    ]);
  });

  test('one place of many lines for the same model', () => {
    expect(placeOf(gpu('NVIDIA GeForce RTX 4090 Laptop GPU'))?.line).toBe('geforce-laptop');
  });
});
