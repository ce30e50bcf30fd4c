import type { JsonPath } from '../../json/read.js';
import type { Scenario } from './schema.js';

/** A mistake in values that are each of the right form. */
export interface Inconsistency {
  readonly path: JsonPath;
  readonly message: string;
  readonly expected?: string;
  readonly remedy?: string;
}

/** All mistakes: names that are used twice, references to nothing, durations that nothing gives. */
export function* inconsistencies({ slots, machines, suites }: Scenario): Iterable<Inconsistency> {
  const types = slots.map(({ type }) => type);
  const machineNames = machines.map((machine) => machine.name);
  const knownMachines = new Set(machineNames);
  yield* repeated(types, 'slots', 'type');
  yield* repeated(machineNames, 'machines', 'name');
  yield* repeated(
    suites.map(({ id }) => id),
    'suites',
    'id',
  );
  for (const [index, { machine }] of slots.entries()) {
    if (machine === undefined || machines.length === 0 || knownMachines.has(machine)) continue;
    yield {
      path: ['slots', index, 'machine'],
      message: `\`slots[${index}].machine\`: there is no machine \`${machine}\``,
      expected: oneOf(machineNames),
    };
  }
  const known = new Set(types);
  for (const [index, { durationMs, actualMs }] of suites.entries()) {
    for (const [key, given] of Object.entries({ durationMs, actualMs })) {
      for (const type of Object.keys(typeof given === 'object' ? given : {})) {
        if (known.has(type)) continue;
        yield {
          path: ['suites', index, key, type],
          message: `\`suites[${index}].${key}\`: there are no slots of type \`${type}\``,
          expected: types.length === 0 ? 'none: `slots` is empty' : oneOf(types),
          remedy: 'leave the type out, or add such slots',
        };
      }
    }
    for (const [type, expected] of Object.entries(durationMs)) {
      const actual = typeof actualMs === 'object' ? actualMs[type] : actualMs;
      if (expected !== null || actual !== undefined) continue;
      yield {
        path: ['suites', index, 'durationMs', type],
        message: `\`suites[${index}]\`: its duration on \`${type}\` is not given`,
        remedy:
          'add `actualMs`: null tells the scheduler nothing, but the simulation needs the real duration',
      };
    }
  }
}

function oneOf(names: readonly string[]): string {
  const more = names.length - mostNames;
  return `one of ${names.slice(0, mostNames).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Names that one message lists. */
const mostNames = 20;

function* repeated(names: readonly string[], key: string, field: string): Iterable<Inconsistency> {
  const seen = new Set<string>();
  for (const [index, each] of names.entries()) {
    if (seen.has(each)) {
      const message = `\`${key}[${index}].${field}\`: \`${each}\` is used twice`;
      yield { path: [key, index, field], message, expected: `every ${field} once` };
    }
    seen.add(each);
  }
}
