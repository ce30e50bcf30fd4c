import { type Backend, backendClasses, type DeviceClass, deviceClasses } from '../vocabulary/taxonomy.js';
import { formatBytes } from '../vocabulary/units.js';
import type { UsageProblem } from '../vocabulary/usage-error.js';
import { defaultProfile, type ProfileLayer, type ProfilePart, type WorkloadProfile } from './profile.js';

export type ProfileOutcome =
  | { readonly profile: WorkloadProfile; readonly problems?: never }
  | { readonly profile?: never; readonly problems: readonly UsageProblem[] };

/**
 * One profile out of several sources, field by field; what an earlier layer says counts. A preference of a later layer
 * that no longer fits an earlier one's demand (preferred memory below the minimum, optimal batch size not in the list)
 * gives way. Fields that exclude each other are problems that name both places.
 * @param layers The one that counts most first.
 */
export function mergeLayers(layers: readonly ProfileLayer[]): ProfileOutcome {
  const merged = layers.reduceRight(
    (below, above) => {
      const kept = without(below, outdatedPreferences(below.part, above.part));
      return { part: { ...kept.part, ...above.part }, origins: { ...kept.origins, ...above.origins } };
    },
    { part: {}, origins: {} },
  );
  const problems = contradictions(merged);
  if (problems.length > 0) return { problems };
  const needed = classesFor(merged.part.backends ?? []);
  // A class that the backends exclude cannot be what a suite without `@hardware` means.
  const implied = needed.length < deviceClasses.length ? { hardware: needed.map(oneOf) } : {};
  return { profile: { ...defaultProfile, ...implied, ...merged.part } };
}

function outdatedPreferences(below: ProfilePart, above: ProfilePart): readonly (keyof WorkloadProfile)[] {
  const tooSmall = (below.preferredMemoryBytes ?? Number.POSITIVE_INFINITY) < (above.minMemoryBytes ?? 0);
  const unlisted = above.batchSizes?.includes(below.optimalBatchSize ?? 0) === false;
  return [
    ...(tooSmall ? (['preferredMemoryBytes'] as const) : []),
    ...(unlisted ? (['optimalBatchSize'] as const) : []),
  ];
}

function contradictions({ part, origins }: ProfileLayer): readonly UsageProblem[] {
  const conflict = (
    first: keyof WorkloadProfile,
    second: keyof WorkloadProfile,
    because: string,
    remedy: string,
  ): UsageProblem => {
    // The later of the two lines: up to there the file was right.
    const places = [origins[first], origins[second]].filter((origin) => origin?.line !== undefined);
    const place = places.toSorted((one, other) => (one?.line ?? 0) - (other?.line ?? 0)).at(-1);
    return {
      ...(place?.file === undefined ? {} : { file: place.file }),
      ...(place?.line === undefined ? {} : { line: place.line }),
      message: `${origins[first]?.text ?? first} and ${origins[second]?.text ?? second} exclude each other: ${because}`,
      remedy,
    };
  };
  const problems: UsageProblem[] = [];
  const {
    hardware,
    backends = [],
    minMemoryBytes = 0,
    preferredMemoryBytes,
    batchSizes,
    optimalBatchSize,
  } = part;
  const classes = classesFor(backends);
  if (hardware !== undefined && !hardware.some((asked) => classes.includes(asked.class))) {
    const because = `${backends.join(', ')} needs ${classes.join(', ') || 'classes that no device has together'}`;
    const remedy =
      classes.length > 0 ? `write \`${classes[0]}\` as the hardware, or drop the backend` : 'drop a backend';
    problems.push(conflict('hardware', 'backends', because, remedy));
  }
  if (preferredMemoryBytes !== undefined && preferredMemoryBytes < minMemoryBytes) {
    const because = `${formatBytes(preferredMemoryBytes)} is less than ${formatBytes(minMemoryBytes)}`;
    problems.push(conflict('minMemoryBytes', 'preferredMemoryBytes', because, 'prefer at least the minimum'));
  }
  if (optimalBatchSize !== undefined && batchSizes?.includes(optimalBatchSize) === false) {
    const because = `${optimalBatchSize} is not one of ${batchSizes.join(', ')}`;
    problems.push(
      conflict('batchSizes', 'optimalBatchSize', because, `add ${optimalBatchSize} to the batch sizes`),
    );
  }
  return problems;
}

/** The classes that can have all of these backends. */
function classesFor(backends: readonly Backend[]): readonly DeviceClass[] {
  const limits: Partial<Record<Backend, readonly DeviceClass[]>> = backendClasses;
  return deviceClasses.filter((one) => backends.every((backend) => limits[backend]?.includes(one) ?? true));
}

function oneOf(deviceClass: DeviceClass) {
  return { class: deviceClass, count: 1 };
}

function without(layer: ProfileLayer, fields: readonly (keyof WorkloadProfile)[]): ProfileLayer {
  const keep = <Value>(record: Readonly<Record<string, Value>>) =>
    Object.fromEntries(
      Object.entries(record).filter(([field]) => !fields.some((dropped) => dropped === field)),
    );
  return { part: keep(layer.part), origins: keep(layer.origins) };
}
