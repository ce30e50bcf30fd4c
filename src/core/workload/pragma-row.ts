import type { RecordedForm } from './recorded-form.js';
import type { ParsedValue, Reader } from './values.js';

/**
 * How often a value may be given: `one` at most once; `list` by comma and by repetition, no item twice;
 * `flag` at most once and without a value (`false` undoes what a glob or a named workload says).
 */
export type PragmaKind = 'one' | 'list' | 'flag';

/** All that is known of one pragma: how it is written, read and recorded, and who needs it. */
export interface PragmaRow<
  Name extends string = string,
  Kind extends PragmaKind = PragmaKind,
  Value = unknown,
> {
  /** As a docblock writes it, without the `@`. */
  readonly name: Name;
  readonly kind: Kind;
  /** What a value looks like, for messages and the table in docs/pragmas.md. */
  readonly expected: string;
  /** One line for people. */
  readonly doc: string;
  /** Reads one value; of a list, one item. */
  readonly read: Reader<Value>;
  /** What a record holds of one value; of a list, of one item. */
  readonly recorded: RecordedForm<Value>;
  /**
   * Whether a plan needs it: the history keeps it then, so that shards and `plan` know where a suite can run, and beside
   * what, without reading its file.
   */
  readonly planned: boolean;
  /** Whether test management, documentation and other tools use the name too. All others are unmistakable. */
  readonly isCommonWord: boolean;
  /** Whether a list always holds something, in a record too. */
  readonly isNeverEmpty: boolean;
}

/** The row that a field of this type must have. */
export type RowFor<Field> = [Field] extends [boolean]
  ? PragmaRow<string, 'flag', boolean>
  : [Field] extends [readonly (infer Item)[]]
    ? PragmaRow<string, 'list', Item>
    : PragmaRow<string, 'one', Field>;

interface Said<Value> {
  readonly expected: string;
  readonly doc: string;
  readonly recorded: RecordedForm<Value>;
  readonly planned: boolean;
  /** Default false. */
  readonly isCommonWord?: boolean;
}

export function one<const Name extends string, Value>(
  name: Name,
  read: Reader<Value>,
  said: Said<Value>,
): PragmaRow<Name, 'one', Value> {
  return { name, kind: 'one', read, isCommonWord: false, isNeverEmpty: false, ...said };
}

export function listOf<const Name extends string, Item>(
  name: Name,
  read: Reader<Item>,
  said: Said<Item> & { readonly isNeverEmpty?: boolean },
): PragmaRow<Name, 'list', Item> {
  return { name, kind: 'list', read, isCommonWord: false, isNeverEmpty: false, ...said };
}

export function flag<const Name extends string>(
  name: Name,
  said: Omit<Said<boolean>, 'expected' | 'recorded'>,
): PragmaRow<Name, 'flag', boolean> {
  const read = (text: string): ParsedValue<boolean> =>
    ['', 'true', 'false'].includes(text) ? { ok: true, value: text !== 'false' } : { ok: false };
  const expected = 'no value (or `false`, to undo it)';
  return {
    name,
    kind: 'flag',
    read,
    expected,
    recorded: 'boolean',
    isCommonWord: false,
    isNeverEmpty: false,
    ...said,
  };
}
