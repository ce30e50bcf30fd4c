import * as v from 'valibot';
import { pragmas } from '../core/workload/pragmas.js';
import type { AnyRecordedForm } from '../core/workload/recorded-form.js';
import { isObject } from '../json/plain.js';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const counting = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const texts = v.array(v.string());

const watts = v.pipe(v.number(), v.finite(), v.gtValue(0));

/**
 * What a plan relies on, by the table of pragmas. Words that a later version may know are texts here, and numbers only
 * whole: a history is not to be thrown away for them.
 */
const needs = v.looseObject(
  Object.fromEntries(
    Object.values(pragmas)
      .filter(({ planned }) => planned)
      .map(({ field, kind, recorded, isNeverEmpty }) => {
        const value = lenientSchemaOf(recorded);
        const list = isNeverEmpty ? v.pipe(v.array(value), v.minLength(1)) : v.array(value);
        return [field, v.optional(kind === 'list' ? list : value)];
      }),
  ),
);

function lenientSchemaOf(form: AnyRecordedForm): v.GenericSchema {
  if (form === 'boolean') return v.boolean();
  if (form === 'number' || form === 'amount' || form === 'count') return count;
  if (typeof form === 'string' || !('fields' in form)) return v.string();
  const fields = Object.entries(form.fields).map(([key, each]) => [key, lenientSchemaOf(each)] as const);
  return v.looseObject(Object.fromEntries(fields));
}

/** All that tells whether a file is a history, and of which version. */
export const versioned = v.looseObject({ version: count });

/** The first line. Kinds of devices are anybody's words, also those that valibot leaves out of a record (`constructor`). */
export const header = v.looseObject({
  version: count,
  runs: texts,
  kinds: texts,
  reversion: v.strictTuple([v.pipe(v.number(), v.safeInteger()), v.pipe(v.number(), v.safeInteger())]),
  needs: v.array(needs),
  watts: v.optional(
    v.custom<Readonly<Record<string, number>>>(
      (value) => isObject(value) && Object.values(value).every((each) => v.is(watts, each)),
    ),
  ),
  repeatable: v.optional(
    v.looseObject({
      planId: v.string(),
      inputs: v.record(v.string(), v.string()),
      total: counting,
      commit: v.optional(v.string()),
      ciRun: v.optional(v.string()),
    }),
  ),
});

/** By the field of the header that is wrong. */
export const headerProblems: Readonly<Record<string, string>> = {
  runs: 'no list of runs in the history',
  kinds: 'no list of kinds of devices',
  reversion: '`reversion` is not two integers',
  needs: '`needs` is not a list of profiles',
  watts: '`watts` is not an object of watts by kind of device',
  repeatable: '`repeatable` is not a run of shards',
};

/** Index of kind, last, mean, samples, peak. */
const device = v.looseTuple([
  count,
  counting,
  v.pipe(v.number(), v.minValue(1), v.maxValue(Number.MAX_SAFE_INTEGER)),
  counting,
  v.optional(count),
]);

/** Id, devices, whether it failed last, missed runs, number of its needs, number of its shard. */
export const suiteLine = v.looseTuple([
  v.string(),
  v.optional(v.array(device)),
  v.optional(count),
  v.optional(count),
  v.optional(count),
  v.optional(count),
]);
