import * as v from 'valibot';
import type { Suite } from '../../core/events.js';
import {
  type Device,
  kindOf,
  type MachineFacts,
  refuseSlots,
  type Slot,
} from '../../core/machine/machine.js';
import { expectationOf } from '../../core/vocabulary/expectation.js';
import { hashOf } from '../../core/vocabulary/hash.js';
import { type JsonPath, parseJson, pathText } from '../../core/vocabulary/json.js';
import { limits } from '../../core/vocabulary/limits.js';
import { nearest } from '../../core/vocabulary/nearest.js';
import { normalFrom, randomFrom } from '../../core/vocabulary/random.js';
import { type DeviceClass, deviceClasses } from '../../core/vocabulary/taxonomy.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { defaultProfile } from '../../core/workload/profile.js';
import type { SimulatedCase } from './case.js';

/** A scenario file, version 1: explicit numbers instead of hardware. */
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

const entries = {
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
const rootEntries = {
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
const schema = v.strictObject(rootEntries, 'an object such as {"version": 1, "slots": [], "suites": []}');

/**
 * Reads a scenario.
 * @param file What to call it in messages.
 * @throws {UsageError} naming every mistake with its line.
 */
export function parseScenario(text: string, file: string): Scenario {
  const { value, lineOf } = parseJson(text, file);
  const result = v.safeParse(schema, value, { message: expectationOf });
  if (!result.success) {
    throw new UsageError(
      result.issues.slice(0, limits.mistakes).map((issue) => {
        const path = (issue.path ?? []).map((item) => item.key as string | number);
        return { file, line: lineOf(path), ...described(issue, path) };
      }),
    );
  }
  refuseSlots(
    file,
    result.output.slots.reduce((sum, { count: slots }) => sum + slots, 0),
  );
  const mistakes: Inconsistency[] = [];
  for (const mistake of inconsistencies(result.output)) {
    if (mistakes.push(mistake) === limits.mistakes) break;
  }
  if (mistakes.length > 0) {
    throw new UsageError(mistakes.map(({ path, ...problem }) => ({ file, line: lineOf(path), ...problem })));
  }
  return result.output;
}

function described(issue: v.BaseIssue<unknown>, path: JsonPath) {
  const place = path.length === 0 ? 'the scenario' : `\`${pathText(path)}\``;
  if (issue.path?.at(-1)?.origin !== 'key') {
    return { message: `${place} is wrong`, expected: issue.message, found: shortened(issue.input) };
  }
  const keys = Object.keys(path.length === 1 ? rootEntries : entries[path[0] as keyof typeof entries]);
  const key = String(path.at(-1));
  if (keys.includes(key)) return { message: `${place} is missing` };
  const near = nearest(key, keys);
  return {
    message: `${place}: no such key`,
    expected: `one of ${keys.join(', ')}`,
    ...(near !== undefined && { remedy: `write \`${near}\`` }),
  };
}

function shortened(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}

interface Inconsistency {
  readonly path: JsonPath;
  readonly message: string;
  readonly expected?: string;
  readonly remedy?: string;
}

function* inconsistencies({ slots, machines, suites }: Scenario): Iterable<Inconsistency> {
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
        message: `\`suites[${index}]\`: nobody knows how long it takes on \`${type}\``,
        remedy: 'a duration of null needs `actualMs`, which the scheduler is not told',
      };
    }
  }
}

function oneOf(names: readonly string[]): string {
  const more = names.length - mostNames;
  return `one of ${names.slice(0, mostNames).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** In one message. */
const mostNames = 20;

function* repeated(names: readonly string[], key: string, field: string): Iterable<Inconsistency> {
  const seen = new Set<string>();
  for (const [index, each] of names.entries()) {
    if (seen.has(each)) {
      const message = `\`${key}[${index}].${field}\`: \`${each}\` stands twice`;
      yield { path: [key, index, field], message, expected: `every ${field} once` };
    }
    seen.add(each);
  }
}

/**
 * The scenario as a case: a slot is `<type>#<n>`, its kind `<class> <type>`. Slots that name no machine are on one of
 * their own for each type, with room for all of them.
 */
export function caseOf(scenario: Scenario): SimulatedCase {
  const { suites: given, seed, sigma } = scenario;
  const several = given.some(({ devices }) => devices > 1);
  const machines = new Map(scenario.machines.map((machine) => [machine.name, machine]));
  const slotsOnMachine = new Map<string, number>();
  for (const { machine, type, count: number } of scenario.slots) {
    const name = machine ?? type;
    slotsOnMachine.set(name, (slotsOnMachine.get(name) ?? 0) + number);
  }
  const slots = scenario.slots.flatMap((entry) => {
    const declared = entry.machine === undefined ? undefined : machines.get(entry.machine);
    return slotsOf(entry, several, slotsOnMachine.get(entry.machine ?? entry.type) ?? 0, declared);
  });
  const kindByType = new Map(scenario.slots.map((entry) => [entry.type, kindOfType(entry)]));
  const typeByKind = new Map([...kindByType].map(([type, kind]) => [kind, type]));
  const classes = [...new Set(scenario.slots.map((entry) => entry.class))];
  const truth = new Map<string, (type: string) => number>();
  const suites = given.map((entry): Suite => {
    const { id, durationMs, actualMs } = entry;
    const noise = sigma === 0 ? 1 : Math.exp(sigma * normalFrom(randomFrom(hashOf(`${seed} ${id}`))));
    truth.set(id, (type) => {
      const actual = typeof actualMs === 'object' ? actualMs[type] : actualMs;
      return actual ?? (durationMs[type] ?? 0) * noise;
    });
    return {
      id,
      fileBytes: 0,
      // To the scheduler 0 is unknown; what takes no time takes the least there is.
      expectedMs: Object.fromEntries(
        Object.entries(durationMs).map(([type, each]) => [
          kindByType.get(type) ?? type,
          each === null ? 0 : Math.max(1, each),
        ]),
      ),
      profile: {
        ...defaultProfile,
        workload: entry.workload,
        hardware: classes.map((one) => ({ class: one, count: entry.devices })),
        minMemoryBytes: entry.memoryBytes,
        hostMemoryBytes: entry.memoryBytes,
        ...(entry.cpuThreads !== undefined && { cpuThreads: entry.cpuThreads }),
        locks: entry.locks,
        exclusive: entry.exclusive,
        priority: entry.priority,
      },
    };
  });
  return {
    slots,
    suites,
    seed,
    trueMs: ({ id }, { device }) => truth.get(id)?.(typeByKind.get(kindOf(device)) ?? '') ?? 1,
  };
}

type SlotEntry = Scenario['slots'][number];

/**
 * @param several Whether suites hold several slots at once: then each is a device of its own.
 * @param onMachine How many slots the machine has in all.
 */
function slotsOf(
  entry: SlotEntry,
  several: boolean,
  onMachine: number,
  declared: Scenario['machines'][number] | undefined,
): readonly Slot[] {
  const { type, count: number, class: deviceClass, memoryBytes } = entry;
  const machineName = entry.machine ?? type;
  const machine: MachineFacts = {
    name: machineName,
    platform: 'simulated',
    arch: 'simulated',
    cpuBudget: declared?.cpuThreads ?? onMachine,
    memoryBudgetBytes: declared?.memoryBytes ?? Number.MAX_SAFE_INTEGER,
  };
  // A CPU has a slot for each worker, with the memory of its machine; other devices take one suite each.
  const separate = several || deviceClass !== 'cpu';
  return Array.from({ length: number }, (_, index): Slot => {
    const id = separate ? `${type}-${index + 1}` : type;
    return {
      id: `${type}#${index + 1}`,
      type: id,
      machine,
      device: deviceOf(id, type, deviceClass, memoryBytes ?? machine.memoryBudgetBytes),
      machineWorkers: declared?.workers ?? onMachine,
      machineCpuThreads: machine.cpuBudget,
    };
  });
}

function deviceOf(id: string, model: string, deviceClass: DeviceClass, memoryBytes: number): Device {
  return {
    id,
    class: deviceClass,
    model,
    memoryBytes,
    usable: true,
    software: false,
    backends: [],
    precisions: [],
    features: [],
    evidence: {},
  };
}

function kindOfType({ class: deviceClass, type }: SlotEntry): string {
  return kindOf({ class: deviceClass, model: type });
}
