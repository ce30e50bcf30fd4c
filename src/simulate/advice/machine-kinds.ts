import type { RunEvent } from '../../core/events.js';
import {
  acceleratorsOf,
  deviceKindOf,
  type Machine,
  type Slot,
  slotsOf,
} from '../../core/machine/machine.js';

/** Machines that are alike: a fleet has some number of them. */
export interface MachineKind {
  /** Its machine's name, without the number that tells equal machines apart. Unique. */
  readonly name: string;
  readonly machine: Machine;
  /** How many suites run at once on its CPU. */
  readonly cpuWorkers: number;
  /** How many more may run where they have another device. */
  readonly moreWorkers: number;
  /** How many of them ran; 0 for a kind that is offered only. */
  readonly recorded: number;
  /** In whatever currency, ≥ 0; left out where nobody said. */
  readonly pricePerHour?: number;
}

/** The kinds of machines on which a run ran. A record of before machines were recorded tells them by their slots. */
export function machineKindsOf(events: readonly RunEvent[]): readonly MachineKind[] {
  const slots = events.flatMap((event) => (event.type === 'slot-up' ? [event.slot] : []));
  const known = new Map(
    events.flatMap((event) =>
      event.type === 'machine-known' ? [[event.machine.machine.name, event.machine] as const] : [],
    ),
  );
  const alike = new Map<string, MachineKind[]>();
  for (const name of new Set(slots.map(({ machine }) => machine.name))) {
    const own = slots.filter(({ machine }) => machine.name === name);
    const machine = known.get(name) ?? machineOf(own);
    const cpuWorkers = own.filter(({ device }) => device.class === 'cpu').length;
    const kind = {
      name,
      machine,
      cpuWorkers: Math.max(1, cpuWorkers),
      moreWorkers: Math.max(0, (own[0]?.machineWorkers ?? 1) - Math.max(1, cpuWorkers)),
      recorded: 1,
    };
    const key = JSON.stringify([essenceOf(machine), kind.cpuWorkers, kind.moreWorkers]);
    alike.set(key, [...(alike.get(key) ?? []), kind]);
  }
  return withNames(
    [...alike.values()].map(([first, ...others]) => ({
      ...(first as MachineKind),
      name: others.length === 0 ? (first?.name ?? '') : (first?.name ?? '').replace(/-\d+$/, ''),
      recorded: 1 + others.length,
    })),
  );
}

/** The kinds with those that are offered besides. Names stay unique. */
export function withOffered(
  kinds: readonly MachineKind[],
  offered: readonly MachineKind[],
): readonly MachineKind[] {
  return withNames([...kinds, ...offered]);
}

/** How many suites may run at once on the CPU at most: as many as it has threads, or as ran there. */
export function mostCpuWorkers({ machine, cpuWorkers }: MachineKind): number {
  return Math.max(cpuWorkers, Math.floor(machine.machine.cpuBudget));
}

/**
 * The slots of one machine of a kind.
 * @param number Tells it apart from others of its kind, from 1.
 */
export function slotsOfKind(kind: MachineKind, number: number, cpuWorkers: number): readonly Slot[] {
  const { machine } = kind.machine;
  const renamed = { ...kind.machine, machine: { ...machine, name: `${kind.name}-${number}` } };
  const more = cpuWorkers > kind.cpuWorkers ? acceleratorsOf(kind.machine) : 0;
  return slotsOf(renamed, cpuWorkers, Math.max(kind.moreWorkers, more));
}

function machineOf(slots: readonly Slot[]): Machine {
  const [first] = slots as [Slot];
  const devices = [...new Map(slots.map(({ device }) => [device.id, device])).values()];
  return { version: 1, machine: first.machine, devices, problems: [] };
}

/** What makes two machines alike. Memory is rounded: of equal virtual machines it differs by some megabytes. */
function essenceOf({ machine, devices }: Machine): unknown {
  const gib = (bytes = 0) => Math.round(bytes / 1024 ** 3);
  return [
    machine.platform,
    machine.arch,
    Math.round(machine.cpuBudget * 10),
    gib(machine.memoryBudgetBytes),
    devices
      .filter(({ usable }) => usable)
      .map((device) => [
        deviceKindOf(device),
        gib(device.memoryBytes),
        device.shares,
        device.software,
        device.backends,
        device.precisions,
        device.features,
      ]),
  ];
}

function withNames(kinds: readonly MachineKind[]): readonly MachineKind[] {
  const taken = new Set<string>();
  return kinds.map((kind) => {
    let name = kind.name;
    for (let number = 2; taken.has(name); number++) name = `${kind.name}-${number}`;
    taken.add(name);
    return { ...kind, name };
  });
}
