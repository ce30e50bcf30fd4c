import type { Suite } from '../../core/events.js';
import { type Device, deviceKindOf, type MachineFacts, type Slot } from '../../core/machine/machine.js';
import { hashOf } from '../../core/vocabulary/hash.js';
import { randomFrom } from '../../core/vocabulary/random.js';
import type { DeviceClass } from '../../core/vocabulary/taxonomy.js';
import { defaultProfile } from '../../core/workload/profile.js';
import type { SimulatedCase } from '../case.js';
import { normalFrom } from '../normal.js';
import type { Scenario } from './schema.js';

/**
 * Turns a scenario into a case. Slots get the id `<type>#<n>` and the device kind `<class> <type>`. The slots of a type that
 * names no machine are on a machine of their own, which has room for all of them.
 */
export function caseOf(scenario: Scenario): SimulatedCase {
  const { suites: given, seed, sigma } = scenario;
  const several = given.some(({ devices }) => devices > 1);
  const machines = new Map(scenario.machines.map((machine) => [machine.name, machine]));
  const slotsOnMachine = new Map<string, number>();
  for (const { machine, type, count: number } of scenario.slots) {
    const name = machine ?? type;
    slotsOnMachine.set(name, (slotsOnMachine.get(name) ?? 0) + number);
  }
  const slots = scenario.slots.flatMap((entry) => {
    const declared = entry.machine === undefined ? undefined : machines.get(entry.machine);
    return slotsOf(entry, several, slotsOnMachine.get(entry.machine ?? entry.type) ?? 0, declared);
  });
  const kindByType = new Map(scenario.slots.map((entry) => [entry.type, kindOfType(entry)]));
  const typeByKind = new Map([...kindByType].map(([type, kind]) => [kind, type]));
  const classes = [...new Set(scenario.slots.map((entry) => entry.class))];
  const truth = new Map<string, (type: string) => number>();
  const suites = given.map((entry): Suite => {
    const { id, durationMs, actualMs } = entry;
    const noise = sigma === 0 ? 1 : Math.exp(sigma * normalFrom(randomFrom(hashOf(`${seed} ${id}`))));
    truth.set(id, (type) => {
      const actual = typeof actualMs === 'object' ? actualMs[type] : actualMs;
      return actual ?? (durationMs[type] ?? 0) * noise;
    });
    return {
      id,
      fileBytes: 0,
      // For the scheduler 0 means unknown, so a suite that takes no time gets the shortest duration.
      expectedMs: Object.fromEntries(
        Object.entries(durationMs).map(([type, each]) => [
          kindByType.get(type) ?? type,
          each === null ? 0 : Math.max(1, each),
        ]),
      ),
      profile: {
        ...defaultProfile,
        workload: entry.workload,
        hardware: classes.map((one) => ({ class: one, count: entry.devices })),
        minMemoryBytes: entry.memoryBytes,
        hostMemoryBytes: entry.memoryBytes,
        ...(entry.cpuThreads !== undefined && { cpuThreads: entry.cpuThreads }),
        locks: entry.locks,
        exclusive: entry.exclusive,
        priority: entry.priority,
      },
    };
  });
  return {
    slots,
    suites,
    seed,
    trueMs: ({ id }, { device }) => truth.get(id)?.(typeByKind.get(deviceKindOf(device)) ?? '') ?? 1,
  };
}

type SlotEntry = Scenario['slots'][number];

/**
 * @param several Whether some suite holds several slots at once. Then each slot is a device of its own.
 * @param onMachine Number of all slots of the machine.
 */
function slotsOf(
  entry: SlotEntry,
  several: boolean,
  onMachine: number,
  declared: Scenario['machines'][number] | undefined,
): readonly Slot[] {
  const { type, count: number, class: deviceClass, memoryBytes } = entry;
  const machineName = entry.machine ?? type;
  const machine: MachineFacts = {
    name: machineName,
    platform: 'simulated',
    arch: 'simulated',
    cpuBudget: declared?.cpuThreads ?? onMachine,
    memoryBudgetBytes: declared?.memoryBytes ?? Number.MAX_SAFE_INTEGER,
  };
  // A CPU has a slot for each worker and shares the memory of its machine. Any other device takes one suite.
  const separate = several || deviceClass !== 'cpu';
  return Array.from({ length: number }, (_, index): Slot => {
    const id = separate ? `${type}-${index + 1}` : type;
    return {
      id: `${type}#${index + 1}`,
      type: id,
      machine,
      device: deviceOf(id, type, deviceClass, memoryBytes ?? machine.memoryBudgetBytes),
      machineWorkers: declared?.workers ?? onMachine,
      machineCpuThreads: machine.cpuBudget,
    };
  });
}

function deviceOf(id: string, model: string, deviceClass: DeviceClass, memoryBytes: number): Device {
  return {
    id,
    class: deviceClass,
    model,
    memoryBytes,
    usable: true,
    software: false,
    backends: [],
    precisions: [],
    features: [],
    evidence: {},
  };
}

function kindOfType({ class: deviceClass, type }: SlotEntry): string {
  return deviceKindOf({ class: deviceClass, model: type });
}
