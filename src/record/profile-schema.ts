import * as v from 'valibot';
import { pragmasByField } from '../core/workload/pragmas.js';
import { defaultProfile, type WorkloadProfile } from '../core/workload/profile.js';
import type { AnyFieldForms, AnyRecordedForm } from '../core/workload/recorded-form.js';

/** What a record holds of a suite's profile, by the table of pragmas: a field without a default may be left out. */
export const profileSchema = v.looseObject(
  Object.fromEntries(
    Object.entries(pragmasByField).map(([field, { kind, recorded, isNeverEmpty }]) => {
      const value = schemaOf(recorded);
      const items = v.array(value);
      const whole = kind !== 'list' ? value : isNeverEmpty ? v.pipe(items, v.minLength(1)) : items;
      return [field, Object.hasOwn(defaultProfile, field) ? whole : v.exactOptional(whole)];
    }),
  ),
) as unknown as v.GenericSchema<unknown, WorkloadProfile>;

function schemaOf(form: AnyRecordedForm): v.GenericSchema {
  switch (form) {
    case 'boolean':
      return v.boolean();
    case 'text':
      return v.string();
    case 'number':
      return v.number();
    case 'amount':
      return v.pipe(v.number(), v.finite(), v.minValue(0));
    case 'count':
      return v.pipe(v.number(), v.safeInteger(), v.minValue(1));
  }
  if ('fields' in form) return v.looseObject(fieldsOf(form.fields));
  return 'by' in form
    ? v.variant(
        form.by,
        form.forms.map((each) => v.looseObject(fieldsOf(each))),
      )
    : v.picklist(form);
}

function fieldsOf(forms: AnyFieldForms): Record<string, v.GenericSchema> {
  return Object.fromEntries(Object.entries(forms).map(([key, form]) => [key, schemaOf(form)]));
}
