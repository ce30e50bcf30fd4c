import * as v from 'valibot';
import type { Machine, MachineFacts } from '../core/machine/machine.js';
import { limits } from '../core/vocabulary/limits.js';
import { confidences } from '../core/vocabulary/taxonomy.js';
import { deviceEntries, machineEntries } from '../machine-file/schema.js';
import { checked, shortened } from './checked.js';

export interface DetectedMachine {
  /** What the machine was asked to call itself. */
  readonly name: string;
  /** How many devices a machine file has added to those that it finds. */
  readonly declaredDevices: number;
}

/**
 * The machine that a process elsewhere says it has detected, if it is one: all that `detect --json` prints, of the kinds and
 * within the bounds of a machine file.
 * @throws An `Error` that says what it is instead.
 */
export function checkedDetection(answer: unknown, { name, declaredDevices }: DetectedMachine): Machine {
  const found = checked(detected, answer, notDetected);
  const { machine, devices } = found;
  const problem =
    machine.name === name
      ? problemOf(devices, declaredDevices)
      : `machine.name is ${shortened(machine.name)}, expected ${name}`;
  if (problem !== undefined) throw new Error(`${notDetected}: ${problem}`);
  return found as Machine;
}

const notDetected = 'what it detected is no machine';

function problemOf(devices: readonly { readonly id: string }[], declared: number): string | undefined {
  const most = limits.detectedDevices + declared;
  if (devices.length > most) return `it has ${devices.length} devices, expected at most ${most}`;
  const ids = devices.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  return twice === undefined ? undefined : `two devices have the id ${twice}`;
}

const finite = v.pipe(v.number(), v.finite());
const evidenceOfOne = { confidence: v.picklist(confidences), source: v.string() };
const evidence = v.record(v.string(), v.object(evidenceOfOne));
const reading = v.object({ value: finite, unit: v.picklist(['°C', 'W', 'J']), source: v.string() });
const speed = v.object({
  value: v.pipe(v.number(), v.finite(), v.gtValue(0)),
  unit: v.picklist(['GFLOPS', 'GOPS', 'GB/s']),
  ...evidenceOfOne,
});

const device = v.required(
  v.object({
    ...deviceEntries,
    evidence,
    freeMemoryBytes: v.optional(v.pipe(finite, v.minValue(0))),
    unusableBecause: v.optional(v.string()),
    lacks: v.optional(v.record(v.string(), v.string())),
    performance: v.optional(v.record(v.string(), v.nullable(speed))),
    sensors: v.optional(v.record(v.picklist(['temperature', 'power', 'energy']), v.nullable(reading))),
  }),
  ['class', 'usable', 'software', 'backends', 'precisions', 'features'],
);

const needed = [
  'platform',
  'arch',
  'cpuBudget',
  'memoryBudgetBytes',
] as const satisfies (keyof MachineFacts)[];

const detected = v.object({
  version: v.literal(1),
  machine: v.required(
    // An ssh alias may hold what a name in a machine file may not.
    v.object({ ...machineEntries, name: v.string(), evidence: v.optional(evidence) }),
    needed,
  ),
  devices: v.array(device),
  problems: v.array(v.object({ message: v.string(), remedy: v.optional(v.string()) })),
});
