import { bindingEnvOf, type OuterEnvironment } from '../core/machine/device-mask.js';
import { impliedLabels } from '../core/machine/implied-labels.js';
import type { Device, Evidence, Machine, MachineFacts, MachineProblem } from '../core/machine/machine.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import type { MachineFile } from './schema.js';

/**
 * The machine as the file says it: its values win field by field, new ids are added, `replace` drops every detected
 * device but the CPU, on which Jest itself runs.
 * @throws {UsageError} for a new device without a class.
 */
export function applyMachineFile(detected: Machine, file: MachineFile, host: OuterEnvironment): Machine {
  const declared: Evidence = { confidence: 'declared', source: file.source };
  const devices = keptDevices(detected, file).map((device) => withBudget(device, file, declared));
  const added = new Set<string>();
  const positions = new Map(devices.map(({ id }, index) => [id, index]));
  const problems: MachineProblem[] = file.replace === true ? [] : [...detected.problems];
  for (const entry of file.devices ?? []) {
    const position = positions.get(entry.id);
    const base = position === undefined ? undefined : devices[position];
    const device = declare(base ?? newDevice(entry, file), entry, declared);
    if (base !== undefined) problems.push(...tooManyShares(base, device, file));
    if (position === undefined) {
      positions.set(entry.id, devices.push(device) - 1);
      if (entry.bindingEnv === undefined) added.add(entry.id);
    } else {
      devices[position] = device;
    }
  }
  /** How many of a class and vendor come before. */
  const alike = new Map<string, number>();
  const bound = devices.map((device) => {
    const kind = `${device.class} ${device.vendor}`;
    const index = alike.get(kind) ?? 0;
    alike.set(kind, index + 1);
    if (!added.has(device.id)) return device;
    const { bindingEnv, hiddenBy } = bindingEnvOf(device, { index }, host);
    if (hiddenBy === undefined) return { ...device, ...(bindingEnv && { bindingEnv }) };
    problems.push({
      message: `${device.id} (declared in ${file.source}) is hidden by ${hiddenBy}`,
      remedy: 'unset the variable or add the device to it',
    });
    return { ...device, usable: false, unusableBecause: `is hidden by ${hiddenBy}` };
  });
  return { version: 1, machine: factsOf(detected.machine, file, declared), devices: bound, problems };
}

/** Whoever detected the device knows that it admits fewer processes than are declared. */
function tooManyShares(
  { id, model, shares = 1, evidence }: Device,
  { shares: declared = 1 }: Device,
  { source }: MachineFile,
): readonly MachineProblem[] {
  if (evidence.shares === undefined || declared <= shares) return [];
  return [
    {
      message: `${id} (${model}) is declared in ${source} for ${declared} suites at once, and admits ${shares}: ${evidence.shares.source}`,
      remedy: `declare \`"shares": ${shares}\`, or let more processes use it: sudo nvidia-smi -c DEFAULT`,
    },
  ];
}

type DeclaredDevice = NonNullable<MachineFile['devices']>[number];

function factsOf(facts: MachineFacts, file: MachineFile, declared: Evidence): MachineFacts {
  const { evidence: _ignored, ...given } = file.machine ?? {};
  const values = definedOf(given);
  const labels = Object.fromEntries(Object.keys(values).map((name) => [name, declared]));
  return { ...facts, ...values, evidence: { ...facts.evidence, ...labels } };
}

function keptDevices(detected: Machine, file: MachineFile): readonly Device[] {
  if (file.replace !== true) return detected.devices;
  const otherCpu = file.devices?.some((device) => device.class === 'cpu' && device.id !== 'cpu');
  return detected.devices.filter((device) => device.class === 'cpu' && otherCpu !== true);
}

/** The CPU's memory is the machine's budget: who declares one has declared the other. */
function withBudget(device: Device, file: MachineFile, declared: Evidence): Device {
  const memoryBytes = file.machine?.memoryBudgetBytes;
  if (device.class !== 'cpu' || memoryBytes === undefined) return device;
  return { ...device, memoryBytes, evidence: { ...device.evidence, memoryBytes: declared } };
}

function newDevice(entry: DeclaredDevice, file: MachineFile): Device {
  if (entry.class === undefined) {
    const position = file.devices?.indexOf(entry) ?? 0;
    throw new UsageError({
      ...file.placeOf(['devices', position]),
      message: `\`devices[${position}].class\` is missing`,
      expected: `a class such as "gpu", because ${entry.id} was not detected`,
    });
  }
  const { id, class: deviceClass } = entry;
  return { id, class: deviceClass, usable: true, software: false, backends: [], ...impliedLabels(entry) };
}

function declare(base: Device, entry: DeclaredDevice, declared: Evidence): Device {
  const { evidence: _evidence, sensors: _sensors, freeMemoryBytes: _free, id: _id, ...rest } = entry;
  const { performance, unusableBecause: _reason, lacks: _lacks, ...given } = rest;
  const values = definedOf(given);
  const dropped = (['backends', 'precisions', 'features'] as const).flatMap((list) =>
    values[list] === undefined ? [] : base[list],
  );
  const before = Object.entries(base.evidence).filter(([label]) => !(dropped as string[]).includes(label));
  const labels = [
    ...Object.keys(values).filter((name) => !listNames.has(name)),
    ...(values.backends ?? []),
    ...(values.precisions ?? []),
    ...(values.features ?? []),
  ];
  return {
    ...withReason(base, values.usable, declared),
    ...values,
    ...(performance && { performance: { ...base.performance, ...declaredSpeeds(performance, declared) } }),
    evidence: {
      ...Object.fromEntries(before),
      ...Object.fromEntries(labels.map((label) => [label, declared])),
    },
  };
}

/** Who declares the opposite of what was detected has a reason of their own; the same, as `detect --json` does, has not. */
function withReason(base: Device, usable: boolean | undefined, { source }: Evidence): Device {
  const { unusableBecause: reason, ...device } = base;
  if (usable ?? base.usable) return device;
  return { ...device, unusableBecause: reason ?? `is declared as not usable in ${source}` };
}

/** A speed that was measured once is only what its file says by now. */
function declaredSpeeds(
  speeds: NonNullable<DeclaredDevice['performance']>,
  declared: Evidence,
): NonNullable<Device['performance']> {
  const entries = Object.entries(speeds).map(([work, speed]) => [
    work,
    speed && { value: speed.value, unit: speed.unit, ...declared },
  ]);
  return Object.fromEntries(entries);
}

const listNames: ReadonlySet<string> = new Set(['backends', 'precisions', 'features', 'bindingEnv']);

/** Without keys whose value is undefined. */
function definedOf<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
