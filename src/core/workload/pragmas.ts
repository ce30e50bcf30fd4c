import {
  aliases,
  backends,
  deviceClasses,
  features,
  precisions,
  sensitivities,
} from '../vocabulary/taxonomy.js';
import { bytesSyntax, durationSyntax } from '../vocabulary/units.js';
import { flag, listOf, one, type PragmaKind, type PragmaRow, type RowFor } from './pragma-row.js';
import type { WorkloadProfile } from './profile.js';
import {
  integerUpTo,
  readBytes,
  readCount,
  readDuration,
  readHardware,
  readName,
  readUnsatisfiable,
  unsatisfiableSyntax,
  wordOf,
} from './values.js';

const list = (words: readonly string[]) => `a list (by comma or repetition) of ${words.join(', ')}`;

/**
 * Everything a docblock or an option can say about a suite, by the field of the profile that it sets. Messages, docs,
 * option names, the record's schema and what the history keeps derive from it; a field without a row does not compile.
 */
export const pragmasByField = {
  workload: one('workload', readName, {
    expected: 'the name of a workload, built in or from the options',
    doc: 'Named profile to start from; the other pragmas override it.',
    recorded: 'text',
    planned: true,
  }),
  hardware: listOf('hardware', readHardware, {
    expected: `${list(deviceClasses)}; \`gpu:2\` for two at once`,
    doc: 'Device classes, any of which will do. Default `cpu`, or what the backends need.',
    recorded: { fields: { class: deviceClasses, count: 'count' } },
    planned: true,
    isNeverEmpty: true,
  }),
  backends: listOf('backend', wordOf(backends, aliases.backends), {
    expected: list(backends),
    doc: 'Backends the device must have, all of them.',
    recorded: backends,
    planned: true,
  }),
  features: listOf('feature', wordOf(features, aliases.features), {
    expected: list(features),
    doc: 'Features the device must have, all of them.',
    recorded: features,
    planned: true,
    isCommonWord: true,
  }),
  precisions: listOf('precision', wordOf(precisions, aliases.precisions), {
    expected: list(precisions),
    doc: 'Precisions, any of which the device must have.',
    recorded: precisions,
    planned: true,
    isCommonWord: true,
  }),
  operations: listOf('operation', readName, {
    expected: 'a list of names such as `matmul, attention`',
    doc: 'What it computes, for ranking and learning only.',
    recorded: 'text',
    planned: false,
    isCommonWord: true,
  }),
  minMemoryBytes: one('min-memory', readBytes, {
    expected: bytesSyntax,
    doc: 'Memory it needs on the device: VRAM of a GPU, budget of a CPU.',
    recorded: 'amount',
    planned: true,
  }),
  preferredMemoryBytes: one('preferred-memory', readBytes, {
    expected: bytesSyntax,
    doc: 'Device memory above which it likes a device better.',
    recorded: 'amount',
    planned: false,
  }),
  hostMemoryBytes: one('host-memory', readBytes, {
    expected: bytesSyntax,
    doc: "RAM the suite's process takes. Learned from earlier runs when not given.",
    recorded: 'amount',
    planned: true,
  }),
  cpuThreads: one('cpu', readCount, {
    expected: 'a number of threads, an integer from 1',
    doc: 'CPU threads it keeps busy. Default 1.',
    recorded: 'count',
    planned: true,
    isCommonWord: true,
  }),
  batchSizes: listOf('batch-sizes', readCount, {
    expected: 'a list of integers from 1, such as `1, 8, 32`',
    doc: "Batch sizes it can run with; it is handed the largest that fits the device's memory.",
    recorded: 'number',
    planned: false,
  }),
  optimalBatchSize: one('optimal-batch-size', readCount, {
    expected: 'an integer from 1, one of the batch sizes',
    doc: 'The batch size it runs best with.',
    recorded: 'number',
    planned: false,
  }),
  maxTimeMs: one('max-time', readDuration, {
    expected: durationSyntax,
    doc: 'An attempt that takes longer is stopped and fails as timed out.',
    recorded: 'amount',
    planned: false,
  }),
  sensitivity: one('sensitive', wordOf(sensitivities), {
    expected: `one of ${sensitivities.join(', ')}`,
    doc: 'What to optimise when there is a choice of devices.',
    recorded: sensitivities,
    planned: false,
    isCommonWord: true,
  }),
  softwareAdapter: flag('software-adapter', {
    doc: 'An adapter that is emulated on the CPU (SwiftShader, lavapipe) will do.',
    planned: true,
  }),
  exclusive: flag('exclusive', { doc: 'Runs alone on its machine.', planned: true, isCommonWord: true }),
  priority: one('priority', integerUpTo(5), {
    expected: 'an integer from 1 to 5',
    doc: 'Higher starts first; waiting raises it, so nothing starves. Default 3.',
    recorded: 'number',
    planned: true,
    isCommonWord: true,
  }),
  locks: listOf('lock', readName, {
    expected: 'a list of names',
    doc: 'No two suites with the same lock run at once, anywhere in the run.',
    recorded: 'text',
    planned: false,
    isCommonWord: true,
  }),
  unsatisfiable: one('unsatisfiable', readUnsatisfiable, {
    expected: unsatisfiableSyntax,
    doc: "What happens when no device can run it. Default: the run's option.",
    recorded: {
      by: 'action',
      forms: [{ action: ['fail', 'skip', 'degrade'] }, { action: ['wait'], waitMs: 'amount' }],
    },
    planned: false,
  }),
} satisfies { readonly [Field in keyof Required<WorkloadProfile>]: RowFor<Required<WorkloadProfile>[Field]> };

type Rows = typeof pragmasByField;

export type PragmaName = Rows[keyof Rows]['name'];

/** A row with the field that it sets. */
export interface PragmaDefinition extends PragmaRow {
  readonly field: keyof WorkloadProfile;
}

/** By name, in the table's order. */
export const pragmas = Object.fromEntries(
  Object.entries(pragmasByField).map(([field, row]) => [row.name, { ...row, field }]),
) as unknown as Readonly<Record<PragmaName, PragmaDefinition>>;

/** In the table's order. */
export const pragmaNames = Object.keys(pragmas) as readonly PragmaName[];

export function isPragmaName(name: string): name is PragmaName {
  return Object.hasOwn(pragmas, name);
}

type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

type PragmaInput<Kind extends PragmaKind> = {
  one: string | number;
  list: string | number | readonly (string | number)[];
  flag: boolean;
}[Kind];

type KindOf = { readonly [Field in keyof Rows as Rows[Field]['name']]: Rows[Field]['kind'] };

/**
 * A profile as the options write it: the pragmas in camelCase with the same values, lists also as arrays:
 * `{ hardware: 'gpu, cpu', minMemory: '2GiB', batchSizes: [1, 8], exclusive: true }`.
 */
export type ProfileInput = {
  readonly [Name in PragmaName as CamelCase<Name>]?: PragmaInput<KindOf[Name]> | undefined;
};

/** How the options spell a pragma: `min-memory` is `minMemory`. */
export function optionKey(name: PragmaName): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
