import type { RunEvent } from '../../core/events.js';
import type { Device, Evidence, MachineFacts, MachineProblem } from '../../core/machine/machine.js';
import type { DeviceClass, Vendor } from '../../core/vocabulary/taxonomy.js';
import { type JoinedSummary, joinedMachines } from './other-machines.js';
import type { SuiteSummary } from './suites.js';

/** Whether facts were detected on the machine or declared in a machine file. */
type Origin = 'detected' | 'declared' | 'partly-declared';

export interface MachineSummary {
  readonly name: string;
  readonly platform: string;
  readonly arch: string;
  readonly cpuBudget: number;
  readonly memoryBudgetBytes: number;
  readonly origin: Origin;
  /** Left out for the machine where the run was started. */
  readonly joined?: JoinedSummary;
  readonly devices: readonly DeviceSummary[];
  readonly problems: readonly MachineProblem[];
}

export interface DeviceSummary {
  readonly id: string;
  /** `<machine>/<device>`, as in a slot's id. */
  readonly type: string;
  readonly class: DeviceClass;
  readonly vendor?: Vendor;
  readonly model?: string;
  readonly memoryBytes?: number;
  /** With its version, such as `nvidia 580.95.05`. */
  readonly driver?: string;
  readonly usable: boolean;
  /** Why it is not usable, as the end of a sentence about it. */
  readonly unusableBecause?: string;
  readonly software: boolean;
  readonly origin: Origin;
  /** How many suites could hold it at once. */
  readonly slots: number;
  /** How many suites held it at least once. */
  readonly suites: number;
  /** Sum of the times for which attempts held it, ms. */
  readonly busyMs: number;
  /** Energy of the device while attempts held it. */
  readonly energyJoules: number;
  /** `partly-measured`: measured for some of the attempts, estimated for the others. */
  readonly energyBasis: 'measured' | 'partly-measured' | 'estimated';
  /** busy / (slots × makespan), 0…1; 0 without slots. */
  readonly utilisation: number;
}

interface Known {
  facts: MachineFacts;
  readonly devices: Map<string, Device>;
  problems: readonly MachineProblem[];
  readonly slotIds: Map<string, Set<string>>;
}

/** Machines and devices in the order in which the events name them. */
export function summariseMachines(
  events: readonly RunEvent[],
  suites: readonly SuiteSummary[],
  makespanMs: number,
): readonly MachineSummary[] {
  const use = useByType(suites);
  const joinedByName = joinedMachines(events);
  return [...knownMachines(events).values()].map(({ facts, devices, problems, slotIds }) => {
    const { name, platform, arch, cpuBudget, memoryBudgetBytes, evidence = {} } = facts;
    const joined = joinedByName.get(name);
    return {
      name,
      platform,
      arch,
      cpuBudget,
      memoryBudgetBytes,
      origin: originOf(evidence),
      ...(joined !== undefined && { joined }),
      problems,
      devices: [...devices.values()].map((device) => {
        const type = `${name}/${device.id}`;
        const slots = slotIds.get(device.id)?.size ?? 0;
        const { busyMs, energyJoules, measured, attempts, suiteIds } = use.get(type) ?? unused();
        const availableMs = slots * makespanMs;
        return {
          ...described(device, type),
          slots,
          suites: suiteIds.size,
          busyMs,
          energyJoules: Math.round(energyJoules * 10) / 10,
          energyBasis: measured === 0 ? 'estimated' : measured === attempts ? 'measured' : 'partly-measured',
          utilisation: availableMs === 0 ? 0 : busyMs / availableMs,
        };
      }),
    };
  });
}

function knownMachines(events: readonly RunEvent[]): Map<string, Known> {
  const machines = new Map<string, Known>();
  const knownOf = (facts: MachineFacts): Known => {
    const known = machines.get(facts.name) ?? { facts, devices: new Map(), problems: [], slotIds: new Map() };
    machines.set(facts.name, known);
    return known;
  };
  for (const event of events) {
    if (event.type === 'machine-known') {
      const known = knownOf(event.machine.machine);
      known.problems = event.machine.problems;
      for (const device of event.machine.devices) known.devices.set(device.id, device);
    } else if (event.type === 'slot-up') {
      const { id, device, machine } = event.slot;
      const known = knownOf(machine);
      if (!known.devices.has(device.id)) known.devices.set(device.id, device);
      known.slotIds.set(device.id, (known.slotIds.get(device.id) ?? new Set()).add(id));
    }
  }
  return machines;
}

interface Use {
  busyMs: number;
  energyJoules: number;
  /** Number of attempts that held it, and of those whose energy was measured. */
  attempts: number;
  measured: number;
  readonly suiteIds: Set<string>;
}

function unused(): Use {
  return { busyMs: 0, energyJoules: 0, attempts: 0, measured: 0, suiteIds: new Set() };
}

function useByType(suites: readonly SuiteSummary[]): ReadonlyMap<string, Use> {
  const uses = new Map<string, Use>();
  for (const { id, attempts } of suites) {
    for (const { deviceTypes, heldMs, energy } of attempts) {
      for (const type of deviceTypes) {
        const use = uses.get(type) ?? unused();
        uses.set(type, use);
        use.busyMs += heldMs;
        use.energyJoules += energy[type]?.joules ?? 0;
        use.attempts++;
        if (energy[type]?.basis === 'measured') use.measured++;
        use.suiteIds.add(id);
      }
    }
  }
  return uses;
}

function described(device: Device, type: string) {
  const { id, vendor, model, memoryBytes, driver, usable, unusableBecause, software, evidence } = device;
  return {
    id,
    type,
    class: device.class,
    ...(vendor !== undefined && { vendor }),
    ...(model !== undefined && { model }),
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(driver !== undefined && { driver }),
    usable,
    ...(unusableBecause !== undefined && { unusableBecause }),
    software,
    origin: originOf(evidence),
  };
}

function originOf(evidence: Readonly<Record<string, Evidence>>): Origin {
  // What a data sheet adds was neither detected nor declared.
  const all = Object.values(evidence).filter(({ confidence }) => confidence !== 'spec');
  const declared = all.filter(({ confidence }) => confidence === 'declared');
  if (declared.length === 0) return 'detected';
  return declared.length === all.length ? 'declared' : 'partly-declared';
}
