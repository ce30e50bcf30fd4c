import { readFileSync } from 'node:fs';
import * as v from 'valibot';

const read = (name: string): unknown => JSON.parse(readFileSync(`src/detect/data/${name}.json`, 'utf8'));

const hex = v.pipe(v.string(), v.regex(/^[0-9a-f]{4}$/));
const text = v.pipe(v.string(), v.minLength(3));
const pattern = v.pipe(
  v.string(),
  v.check((source) => RegExp(source) !== undefined, 'a regular expression'),
);
const GiB = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1024));

const intelFamily = v.strictObject({
  matrix: v.boolean(),
  rayTracing: v.boolean(),
  fp64: v.boolean(),
  source: text,
});

const schemas = {
  'intel-gpus': v.strictObject({
    families: v.record(text, intelFamily),
    models: v.array(
      v.strictObject({
        ids: v.pipe(v.array(hex), v.minLength(1)),
        name: text,
        family: text,
        memoryGiB: v.optional(GiB),
        source: text,
      }),
    ),
    series: v.array(v.strictObject({ pattern, name: text, family: text, source: text })),
  }),
  'amd-gpus': v.strictObject({
    gfx: v.array(
      v.strictObject({
        gfx: v.pipe(v.string(), v.regex(/^gfx\d{1,2}[0-9a-f]{2}$/)),
        rocm: v.boolean(),
        integrated: v.boolean(),
        source: text,
      }),
    ),
    gpus: v.array(
      v.strictObject({
        id: hex,
        name: v.optional(text),
        integrated: v.optional(v.boolean()),
        memory: v.optional(v.literal('vram')),
        source: text,
      }),
    ),
  }),
} as const;

test.each(Object.entries(schemas))('%s.json has the form that the probes read', (name, schema) => {
  expect(v.safeParse(schema, read(name)).issues).toBeUndefined();
});

test('no id is listed twice, and every family is there', () => {
  const intel = v.parse(schemas['intel-gpus'], read('intel-gpus'));
  const amd = v.parse(schemas['amd-gpus'], read('amd-gpus'));
  const lists = [
    intel.models.flatMap(({ ids }) => ids),
    amd.gfx.map(({ gfx }) => gfx),
    amd.gpus.map(({ id }) => id),
  ];
  for (const list of lists) expect(new Set(list).size).toBe(list.length);
  const families = [...intel.models, ...intel.series].map(({ family }) => family);
  expect(Object.keys(intel.families)).toEqual(expect.arrayContaining(families));
});
