import type { Device, Evidence } from '../../core/machine/machine.js';
import {
  type Architecture,
  type Backend,
  backends,
  type Confidence,
  type Feature,
  features,
  type Precision,
  precisions,
  type Vendor,
} from '../../core/vocabulary/taxonomy.js';

/** A value and where it comes from. */
export interface Sourced<T> {
  readonly value: T;
  readonly evidence: Evidence;
}

type Labels<Word extends string> = Readonly<Partial<Record<Word, Evidence>>>;

/** A device as a probe writes it down: every label beside its evidence, so that none can be claimed without. */
export interface DeviceDraft
  extends Pick<Device, 'id' | 'class' | 'usable' | 'software' | 'shares' | 'bindingEnv' | 'uuid'> {
  /** Only where it is not usable. */
  readonly unusableBecause?: string | undefined;
  readonly vendor?: Sourced<Vendor> | undefined;
  readonly architecture?: Sourced<Architecture> | undefined;
  readonly model?: Sourced<string> | undefined;
  readonly memoryBytes?: Sourced<number> | undefined;
  readonly maxFrequencyMHz?: Sourced<number> | undefined;
  readonly ratedWatts?: Sourced<number> | undefined;
  readonly driver?: Sourced<string> | undefined;
  readonly capability?: Sourced<string> | undefined;
  readonly freeMemoryBytes?: Sourced<number> | undefined;
  readonly backends: Labels<Backend>;
  readonly precisions: Labels<Precision>;
  readonly features: Labels<Feature>;
}

export function sourced<T>(value: T, confidence: Confidence, source: string): Sourced<T> {
  return { value, evidence: { confidence, source } };
}

/** The same evidence for each of the words. */
export function labelsOf<Word extends string>(words: readonly Word[], evidence: Evidence): Labels<Word> {
  return Object.fromEntries(words.map((word) => [word, evidence])) as Labels<Word>;
}

export function deviceOf(draft: DeviceDraft): Device {
  const { id, class: deviceClass, vendor, architecture, model, memoryBytes, ...others } = draft;
  const { maxFrequencyMHz, ratedWatts, driver, capability, freeMemoryBytes, unusableBecause, ...rest } =
    others;
  const told = {
    vendor,
    architecture,
    model,
    memoryBytes,
    maxFrequencyMHz,
    ratedWatts,
    driver,
    capability,
    freeMemoryBytes,
  };
  const fields = Object.entries(told).flatMap(([name, field]) =>
    field === undefined ? [] : [{ name, ...field }],
  );
  return {
    id,
    class: deviceClass,
    ...(Object.fromEntries(fields.map(({ name, value }) => [name, value])) as Partial<Device>),
    ...rest,
    ...(unusableBecause !== undefined && { unusableBecause }),
    backends: backends.filter((word) => draft.backends[word]),
    precisions: precisions.filter((word) => draft.precisions[word]),
    features: features.filter((word) => draft.features[word]),
    evidence: {
      ...Object.fromEntries(fields.map(({ name, evidence }) => [name, evidence])),
      ...draft.backends,
      ...draft.precisions,
      ...draft.features,
    },
  };
}
