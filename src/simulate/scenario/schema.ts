import * as v from 'valibot';
import { limits } from '../../core/vocabulary/limits.js';
import { deviceClasses } from '../../core/vocabulary/taxonomy.js';
import { defaultProfile } from '../../core/workload/profile.js';

/** A scenario file, version 1: slots and suites given by numbers. */
export type Scenario = v.InferOutput<typeof schema>;

const longestMs = 1e12;
const ms = v.pipe(
  v.number('a number of ms, 0 or more'),
  v.finite('a number of ms, 0 or more'),
  v.minValue(0, 'a number of ms, 0 or more'),
  v.maxValue(longestMs, `at most ${longestMs} ms`),
);
const name = v.pipe(v.string('a text'), v.nonEmpty('a text'));
const bytes = v.pipe(
  v.number('a number of bytes'),
  v.safeInteger('a number of bytes'),
  v.minValue(0, 'a number of bytes'),
);
const count = (most: number) => {
  const expected = `an integer from 1 to ${most}`;
  return v.pipe(v.number(expected), v.integer(expected), v.minValue(1, expected), v.maxValue(most, expected));
};
const list = <Item extends v.GenericSchema>(item: Item, expected: string) => v.array(item, expected);
const byType = <Value extends v.GenericSchema>(value: Value, expected: string) =>
  v.pipe(
    v.custom<object>((given) => !Array.isArray(given), expected),
    v.record(v.string(), value, expected),
  );

export const entries = {
  slots: {
    type: name,
    count: v.optional(count(limits.slots), 1),
    class: v.optional(v.picklist(deviceClasses, `one of ${deviceClasses.join(', ')}`), 'cpu'),
    machine: v.optional(name),
    memoryBytes: v.optional(bytes),
  },
  machines: {
    name,
    memoryBytes: v.optional(bytes),
    cpuThreads: v.optional(count(1_000_000)),
    workers: v.optional(count(1_000_000)),
  },
  suites: {
    id: name,
    durationMs: byType(v.nullable(ms), 'an object of ms (null: unknown) by type of slot'),
    actualMs: v.optional(v.union([ms, byType(ms, '')], 'ms, or an object of ms by type of slot')),
    memoryBytes: v.optional(bytes, 0),
    cpuThreads: v.optional(count(1_000_000)),
    devices: v.optional(count(1000), 1),
    locks: v.optional(list(name, 'a list of texts'), []),
    exclusive: v.optional(v.boolean('true or false'), false),
    priority: v.optional(count(5), 3),
    workload: v.optional(name, defaultProfile.workload),
  },
};
export const rootEntries = {
  version: v.literal(1, '1'),
  slots: list(v.strictObject(entries.slots, 'an object'), 'a list of slots'),
  machines: v.optional(list(v.strictObject(entries.machines, 'an object'), 'a list of machines'), []),
  suites: list(v.strictObject(entries.suites, 'an object'), 'a list of suites'),
  seed: v.optional(
    v.pipe(
      v.number('an integer from 0'),
      v.safeInteger('an integer from 0'),
      v.minValue(0, 'an integer from 0'),
    ),
    0,
  ),
  sigma: v.optional(
    v.pipe(
      v.number('a number from 0 to 3'),
      v.minValue(0, 'a number from 0 to 3'),
      v.maxValue(3, 'a number from 0 to 3'),
    ),
    0,
  ),
};
export const schema = v.strictObject(
  rootEntries,
  'an object such as {"version": 1, "slots": [], "suites": []}',
);
