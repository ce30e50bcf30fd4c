import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import {
  architectures,
  backends,
  deviceClasses,
  features,
  precisions,
  vendors,
} from '../../src/core/vocabulary/taxonomy.js';

const read = (name: string): unknown => JSON.parse(readFileSync(`src/detect/${name}.json`, 'utf8'));

const hex = v.pipe(v.string(), v.regex(/^[0-9a-f]{4}$/));
const text = v.pipe(v.string(), v.minLength(2));
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

const labels = { precisions: v.array(v.picklist(precisions)), features: v.array(v.picklist(features)) };
const names = v.pipe(v.array(text), v.minLength(1));
const byTree = v.array(v.strictObject({ compatible: text, name: text }));

const schemas = {
  'accelerators/known': v.strictObject({
    kinds: v.array(
      v.strictObject({
        kind: text,
        vendorId: hex,
        vendor: v.picklist(vendors),
        class: v.picklist(deviceClasses),
        architecture: v.optional(v.picklist(architectures)),
        ...labels,
        drivers: names,
        nodes: v.optional(pattern),
        nodeFolder: v.optional(text),
        sysClass: v.optional(text),
        libraries: v.optional(names),
        backend: v.optional(v.picklist(backends)),
        moduleFile: v.optional(text),
        containerMask: v.optional(v.pipe(v.string(), v.regex(/^[A-Z_]+$/))),
        source: text,
        models: v.array(
          v.strictObject({
            id: hex,
            name: text,
            memoryGiB: v.optional(GiB),
            cores: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
            coresPerLogical: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
          }),
        ),
      }),
    ),
    platforms: v.array(
      v.strictObject({
        kind: text,
        drivers: names,
        vendor: v.picklist(vendors),
        name: text,
        ...labels,
        libraries: names,
        mesaDelegate: text,
        source: text,
        models: byTree,
      }),
    ),
    otherVendors: v.array(v.strictObject({ vendorId: hex, name: text, source: text })),
    helpers: v.array(v.strictObject({ pattern, what: text, source: text })),
  }),
  'other-gpus/platform-gpus': v.strictObject({
    drm: v.array(
      v.strictObject({
        drivers: names,
        vendor: v.picklist(vendors),
        name: text,
        vulkan: v.optional(pattern),
        rusticl: v.optional(text),
        fp16: v.boolean(),
        source: text,
        models: byTree,
      }),
    ),
    nodes: v.array(
      v.strictObject({
        node: pattern,
        vendor: v.picklist(vendors),
        name: text,
        vulkan: pattern,
        opencl: pattern,
        source: text,
      }),
    ),
    noGpus: v.strictObject({ drivers: names, source: text }),
  }),
  'intel/gpus': v.strictObject({
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
  'amd/gpus': v.strictObject({
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
  const intel = v.parse(schemas['intel/gpus'], read('intel/gpus'));
  const amd = v.parse(schemas['amd/gpus'], read('amd/gpus'));
  const accelerators = v.parse(schemas['accelerators/known'], read('accelerators/known'));
  const lists = [
    accelerators.kinds.flatMap(({ vendorId, models }) => models.map(({ id }) => `${vendorId}:${id}`)),
    accelerators.otherVendors.map(({ vendorId }) => vendorId),
    intel.models.flatMap(({ ids }) => ids),
    amd.gfx.map(({ gfx }) => gfx),
    amd.gpus.map(({ id }) => id),
  ];
  for (const list of lists) expect(new Set(list).size).toBe(list.length);
  const families = [...intel.models, ...intel.series].map(({ family }) => family);
  expect(Object.keys(intel.families)).toEqual(expect.arrayContaining(families));
});
