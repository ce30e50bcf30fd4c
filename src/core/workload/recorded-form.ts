/**
 * What a record holds of a value, as data: the core names no validation library. `amount` is a number ≥ 0, `count` an
 * integer ≥ 1; an array lists the words of a closed vocabulary; of an object that comes in several forms, the field `by`
 * tells which one it is.
 */
export type RecordedForm<Value> = [Value] extends [boolean]
  ? 'boolean'
  : [Value] extends [number]
    ? 'number' | 'amount' | 'count'
    : [Value] extends [string]
      ? string extends Value
        ? 'text'
        : readonly Value[]
      : { readonly fields: FieldForms<Value> } | Variants<Value>;

interface Variants<Value> {
  readonly by: keyof Value & string;
  readonly forms: readonly FieldForms<Value>[];
}

type FieldForms<Value> = Value extends unknown
  ? { readonly [Key in keyof Value]: RecordedForm<Value[Key]> }
  : never;

/** A form of which the type is not known any more: what a reader of forms gets. */
export type AnyRecordedForm =
  | 'boolean'
  | 'number'
  | 'amount'
  | 'count'
  | 'text'
  | readonly string[]
  | { readonly fields: AnyFieldForms }
  | { readonly by: string; readonly forms: readonly AnyFieldForms[] };

export type AnyFieldForms = Readonly<Record<string, AnyRecordedForm>>;
