import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Device, Evidence, Machine, MachineFacts, MachineProblem } from '../core/machine.js';
import { UsageError } from '../core/usage-error.js';
import { bindingEnvOf } from './binding.js';
import type { Host } from './host.js';
import { impliedLabels } from './implied-labels.js';
import { checkMachineFile, type MachineFile } from './machine-file-schema.js';
import { parseJson } from './parse/json.js';

export type { MachineFile } from './machine-file-schema.js';

/**
 * Reads and checks a machine file.
 * @throws {UsageError} when it cannot be read, is not JSON, or says something that is no machine.
 */
export function readMachineFile(path: string): MachineFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const problem = {
      file: path,
      message: 'the machine file cannot be read',
      found: cause instanceof Error ? cause.message : String(cause),
      remedy: 'correct its path (option `machine`, JEST_HARDWARE_MACHINE or --machine)',
    };
    throw new UsageError(problem, { cause });
  }
  const { value, lineOf } = parseJson(text, path);
  return checkMachineFile(value, path, basename(path), lineOf);
}

/**
 * Checks a machine that is not in a file of its own: written in the options, or one of a fleet.
 * @param source What to call it in messages and evidence.
 * @throws {UsageError}
 */
export function parseMachine(value: unknown, source: string): MachineFile {
  return checkMachineFile(value, source, source);
}

/**
 * The machine as the file says it: its values win field by field, new ids are added, `replace` drops every detected
 * device but the CPU, on which Jest itself runs.
 * @throws {UsageError} for a new device without a class.
 */
export function applyMachineFile(
  detected: Machine,
  file: MachineFile,
  host: Pick<Host, 'env' | 'platform'>,
): Machine {
  const declared: Evidence = { confidence: 'declared', source: file.source };
  const machine = factsOf(detected.machine, file, declared);
  const kept = keptDevices(detected, file).map((device) => withBudget(device, file, declared));
  const merged = [...kept];
  const fresh = new Set<string>();
  for (const entry of file.devices ?? []) {
    const position = merged.findIndex((device) => device.id === entry.id);
    const base = merged[position] ?? newDevice(entry, file.source);
    const device = declare(base, entry, declared);
    if (position >= 0) merged[position] = device;
    else merged.push(device);
    // A device of another kind than the detected one is bound as what it is said to be.
    if (position < 0 || entry.class !== undefined || entry.vendor !== undefined) fresh.add(device.id);
  }
  const problems: MachineProblem[] = file.replace === true ? [] : [...detected.problems];
  const given = new Map(file.devices?.map((entry) => [entry.id, entry]));
  const devices = merged.map((device) => {
    const entry = given.get(device.id);
    if (!fresh.has(device.id) || entry?.bindingEnv !== undefined || device.bindingEnv !== undefined)
      return device;
    const index = merged
      .filter((other) => other.class === device.class && other.vendor === device.vendor)
      .indexOf(device);
    const { bindingEnv, hiddenBy } = bindingEnvOf(device, { index }, host);
    if (hiddenBy === undefined) return { ...device, ...(bindingEnv && { bindingEnv }) };
    problems.push({
      message: `${device.id} is declared in ${file.source} but hidden by ${hiddenBy}`,
      remedy: 'unset the variable or add the device to it',
    });
    return { ...device, usable: false };
  });
  return { version: 1, machine, devices, problems };
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

function newDevice(entry: DeclaredDevice, source: string): Device {
  if (entry.class === undefined) {
    throw new UsageError({
      file: source,
      message: `device ${entry.id} was not detected, so the file must say what it is`,
      expected: 'a class, such as "class": "gpu"',
    });
  }
  const implied = impliedLabels(entry);
  return {
    id: entry.id,
    class: entry.class,
    usable: true,
    software: false,
    backends: [],
    ...implied,
  };
}

function declare(base: Device, entry: DeclaredDevice, declared: Evidence): Device {
  const { evidence: _ignored, id: _id, ...given } = entry;
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
    ...base,
    ...values,
    evidence: {
      ...Object.fromEntries(before),
      ...Object.fromEntries(labels.map((label) => [label, declared])),
    },
  };
}

const listNames: ReadonlySet<string> = new Set(['backends', 'precisions', 'features', 'bindingEnv']);

/** Without keys whose value is undefined. */
function definedOf<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
