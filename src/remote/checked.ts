import * as v from 'valibot';
import { expectationOf } from '../core/vocabulary/expectation.js';
import { pathText } from '../json/read.js';

/**
 * What another machine said, if it is of this kind.
 * @param what What to call it in the message: `what it detected is no machine`.
 * @throws An `Error` that names the first thing that is wrong, what it is and what was expected.
 */
export function checked<Value>(schema: v.GenericSchema<unknown, Value>, value: unknown, what: string): Value {
  const result = v.safeParse(schema, value, { message: expectationOf });
  if (result.success) return result.output;
  const [{ path = [], input, message }] = result.issues;
  const place = pathText(path.map(({ key }) => key as string | number));
  throw new Error(`${what}: ${place === '' ? 'it' : place} is ${shortened(input)}, expected ${message}`);
}

/** As much of a value as helps to find it. */
export function shortened(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters)}…`;
}

const mostCharacters = 200;
