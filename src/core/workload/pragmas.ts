import {
  aliases,
  backends,
  deviceClasses,
  features,
  precisions,
  sensitivities,
} from '../vocabulary/taxonomy.js';
import { bytesSyntax, durationSyntax } from '../vocabulary/units.js';
import type { ProfilePart, WorkloadProfile } from './profile.js';
import {
  integerUpTo,
  type Reader,
  type Reading,
  readBytes,
  readCount,
  readDuration,
  readHardware,
  readName,
  readUnsatisfiable,
  unsatisfiableSyntax,
  wordOf,
} from './values.js';

/**
 * How often a value may be given: `one` at most once; `list` by comma and by repetition, no item twice;
 * `flag` at most once and without a value (`false` undoes what a glob or a named workload says).
 */
type PragmaKind = 'one' | 'list' | 'flag';

/** One row of the table: a field of the profile and how a docblock or an option writes it. */
export interface PragmaRow<Kind extends PragmaKind = PragmaKind> {
  readonly kind: Kind;
  readonly field: keyof WorkloadProfile;
  /** What a value looks like, for messages and the README's table. */
  readonly expected: string;
  /** One line for people. */
  readonly doc: string;
  /** Reads one value; of a list, one item. */
  readonly read: Reader<unknown>;
  /** The profile's part from what was read: one value, for a list at least one. */
  readonly partOf: (values: readonly unknown[]) => ProfilePart;
}

const list = (words: readonly string[]) => `a list (by comma or repetition) of ${words.join(', ')}`;

/** Everything a docblock or an option can say about a suite. Messages, README and option names derive from it. */
export const pragmas = {
  workload: one('workload', readName, {
    expected: 'the name of a workload, built in or from the options',
    doc: 'Named profile to start from; the other pragmas override it.',
  }),
  hardware: listOf('hardware', readHardware, {
    expected: `${list(deviceClasses)}; \`gpu:2\` for two at once`,
    doc: 'Device classes, any of which will do. Default `cpu`, or what the backends need.',
  }),
  backend: listOf('backends', wordOf(backends, aliases.backends), {
    expected: list(backends),
    doc: 'Backends the device must have, all of them.',
  }),
  feature: listOf('features', wordOf(features, aliases.features), {
    expected: list(features),
    doc: 'Features the device must have, all of them.',
  }),
  precision: listOf('precisions', wordOf(precisions, aliases.precisions), {
    expected: list(precisions),
    doc: 'Precisions, any of which the device must have.',
  }),
  operation: listOf('operations', readName, {
    expected: 'a list of names such as `matmul, attention`',
    doc: 'What it computes, for ranking and learning only.',
  }),
  'min-memory': one('minMemoryBytes', readBytes, {
    expected: bytesSyntax,
    doc: 'Memory it needs on the device: VRAM of a GPU, budget of a CPU.',
  }),
  'preferred-memory': one('preferredMemoryBytes', readBytes, {
    expected: bytesSyntax,
    doc: 'Device memory above which it likes a device better.',
  }),
  'host-memory': one('hostMemoryBytes', readBytes, {
    expected: bytesSyntax,
    doc: "RAM the suite's process takes. Learned from earlier runs when not given.",
  }),
  cpu: one('cpuThreads', readCount, {
    expected: 'a number of threads, an integer from 1',
    doc: 'CPU threads it keeps busy. Default 1.',
  }),
  'batch-sizes': listOf('batchSizes', readCount, {
    expected: 'a list of integers from 1, such as `1, 8, 32`',
    doc: "Batch sizes it can run with; it is handed the largest that fits the device's memory.",
  }),
  'optimal-batch-size': one('optimalBatchSize', readCount, {
    expected: 'an integer from 1, one of the batch sizes',
    doc: 'The batch size it runs best with.',
  }),
  priority: one('priority', integerUpTo(5), {
    expected: 'an integer from 1 to 5',
    doc: 'Higher starts first; waiting raises it, so nothing starves. Default 3.',
  }),
  'max-time': one('maxTimeMs', readDuration, {
    expected: durationSyntax,
    doc: 'An attempt that takes longer is stopped and fails as timed out.',
  }),
  sensitive: one('sensitivity', wordOf(sensitivities), {
    expected: `one of ${sensitivities.join(', ')}`,
    doc: 'What to optimise when there is a choice of devices.',
  }),
  'software-adapter': flag('softwareAdapter', {
    doc: 'An adapter that is emulated on the CPU (SwiftShader, lavapipe) will do.',
  }),
  exclusive: flag('exclusive', { doc: 'Runs alone on its machine.' }),
  lock: listOf('locks', readName, {
    expected: 'a list of names',
    doc: 'No two suites with the same lock run at once, anywhere in the run.',
  }),
  unsatisfiable: one('unsatisfiable', readUnsatisfiable, {
    expected: unsatisfiableSyntax,
    doc: "What happens when no device can run it. Default: the run's option.",
  }),
} satisfies Record<string, PragmaRow>;

export type PragmaName = keyof typeof pragmas;

/** In the table's order. */
export const pragmaNames = Object.keys(pragmas) as readonly PragmaName[];

export function isPragmaName(name: string): name is PragmaName {
  return Object.hasOwn(pragmas, name);
}

/** Names that test management, documentation and other tools use too. All others are unmistakable. */
const commonWords: readonly PragmaName[] = [
  'feature',
  'precision',
  'operation',
  'cpu',
  'priority',
  'sensitive',
  'exclusive',
  'lock',
];

export function isCommonWord(name: PragmaName): boolean {
  return commonWords.includes(name);
}

type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

type PragmaInput<Kind extends PragmaKind> = {
  one: string | number;
  list: string | number | readonly (string | number)[];
  flag: boolean;
}[Kind];

/**
 * A profile as the options write it: the pragmas in camelCase with the same values, lists also as arrays:
 * `{ hardware: 'gpu, cpu', minMemory: '2GiB', batchSizes: [1, 8], exclusive: true }`.
 */
export type ProfileInput = {
  readonly [Name in PragmaName as CamelCase<Name>]?: PragmaInput<(typeof pragmas)[Name]['kind']> | undefined;
};

/** How the options spell a pragma: `min-memory` is `minMemory`. */
export function optionKey(name: PragmaName): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

interface Words {
  readonly expected: string;
  readonly doc: string;
}

function one<Field extends keyof WorkloadProfile>(
  field: Field,
  read: Reader<NonNullable<WorkloadProfile[Field]>>,
  words: Words,
): PragmaRow<'one'> {
  return { kind: 'one', field, read, ...words, partOf: ([value]) => ({ [field]: value }) };
}

function listOf<Field extends keyof WorkloadProfile>(
  field: Field,
  read: WorkloadProfile[Field] extends readonly (infer Item)[] ? Reader<Item> : never,
  words: Words,
): PragmaRow<'list'> {
  return { kind: 'list', field, read, ...words, partOf: (values) => ({ [field]: values }) };
}

function flag(field: 'exclusive' | 'softwareAdapter', words: Pick<Words, 'doc'>): PragmaRow<'flag'> {
  const read = (text: string): Reading<boolean> =>
    ['', 'true', 'false'].includes(text) ? { ok: true, value: text !== 'false' } : { ok: false };
  const expected = 'no value (or `false`, to undo it)';
  return {
    kind: 'flag',
    field,
    read,
    expected,
    ...words,
    partOf: ([value]) => ({ [field]: value === true }),
  };
}
