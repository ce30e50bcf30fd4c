import type { Suite } from '../events.js';
import type { Machine, Slot } from '../machine/machine.js';
import { deviceCountOf } from '../scheduler/claim.js';
import { neverRejection } from '../scheduler/feasibility.js';
import { machineProblemOf } from '../scheduler/unusable.js';
import type { WorkloadProfile } from '../workload/profile.js';
import { placesOf } from './deal.js';
import { type Relaxation, tooManyDevices, unmetOn } from './relaxations.js';

/** A change that would let a suite run that no slot can run. */
export interface SmallestChange {
  /** `with 2 GiB less on the device`, several joined by ` and `. */
  readonly text: string;
  /** Names of the machines that could run it then. */
  readonly machines: readonly string[];
  /** `device`: of a machine. `suite`: of what the suite asks for. `class`: it would run on hardware that it did not ask for. */
  readonly of: 'device' | 'suite' | 'class';
}

/** Where more must change than this, the suite was written for another machine. */
const mostRequirements = 2;

/**
 * What would make a suite run that cannot run anywhere, the smallest change first. Each requirement is relaxed as far as a machine
 * makes necessary. Where one alone does not suffice, the fewest that do are named together.
 * @param slots Of all machines.
 * @param machines Known machines, for devices that are there and not usable.
 * @returns None when it can run, and when nothing near would do.
 */
export function smallestChanges(
  suite: Suite,
  slots: readonly Slot[],
  machines: Iterable<Machine>,
): readonly SmallestChange[] {
  const names = [...new Set(slots.map(({ machine }) => machine.name))];
  const byMachine = names.map((name) => slots.filter(({ machine }) => machine.name === name));
  if (byMachine.some((own) => placesOf(suite, own).length > 0)) return [];
  const options = byMachine.flatMap((own) => optionsOn(own, suite));
  const fewest = Math.min(...options.map(({ relaxed }) => relaxed.length));
  if (fewest > mostRequirements) return repairsOf(suite, machines);
  const near = options.filter(({ relaxed }) => relaxed.length === fewest);
  return [...repairsOf(suite, machines), ...joined(near)];
}

/** `would run on 3 machines with 2 GiB less on the device` */
export function smallestChangeText({ text, machines }: SmallestChange): string {
  const [only, ...others] = machines;
  return `would run on ${others.length === 0 ? only : `${machines.length} machines`} ${text}`;
}

interface Option {
  readonly machine: string;
  readonly relaxed: readonly Relaxation[];
}

function optionsOn(slots: readonly Slot[], suite: Suite): readonly Option[] {
  const pools = [...new Map(slots.map((slot) => [slot.type, slot])).values()];
  return pools.flatMap((slot): readonly Option[] => {
    const unmet = unmetOn(slot, suite.profile);
    const met = relaxedBy(unmet, suite.profile);
    const relaxed = [...unmet, ...tooManyDevices(slot, slots, { ...suite, profile: met })];
    const changed = { ...suite, profile: relaxedBy(relaxed, suite.profile) };
    const couldRun = placesOf(changed, slots).some(({ type }) => type === slot.type);
    return couldRun && relaxed.length > 0 ? [{ machine: slot.machine.name, relaxed }] : [];
  });
}

function relaxedBy(relaxed: readonly Relaxation[], profile: WorkloadProfile): WorkloadProfile {
  return relaxed.reduce((changed, each) => each.relax(changed), profile);
}

/** Each change once, with all machines for which it suffices. */
function joined(options: readonly Option[]): readonly SmallestChange[] {
  const alike = new Map<string, Option[]>();
  for (const option of options) {
    const key = option.relaxed.map(({ requirement }) => requirement).join('\n');
    alike.set(key, [...(alike.get(key) ?? []), option]);
  }
  const sizeOf = ({ relaxed }: Option) => relaxed.reduce((sum, { amount = 0 }) => sum + amount, 0);
  const rankOf = ({ relaxed }: Option) => Math.max(...relaxed.map(({ rank }) => rank));
  return [...alike.values()]
    .map((same) => {
      const bySize = same.toSorted((a, b) => sizeOf(a) - sizeOf(b));
      const smallest = bySize[0] as Option;
      const enough = bySize.filter((option) => sizeOf(option) === sizeOf(smallest));
      return { smallest, machines: [...new Set(enough.map(({ machine }) => machine))] };
    })
    .sort((a, b) => rankOf(a.smallest) - rankOf(b.smallest) || b.machines.length - a.machines.length)
    .map(({ smallest: { relaxed }, machines }) => ({
      text: relaxed.map(({ text }) => text).join(' and '),
      machines,
      of: relaxed.some(({ isClass }) => isClass) ? 'class' : 'suite',
    }));
}

/** Devices that are there and not usable, and on which the suite could run if they were. */
function repairsOf(suite: Suite, machines: Iterable<Machine>): readonly SmallestChange[] {
  return [...machines].flatMap((machine) =>
    machine.devices.flatMap((device): readonly SmallestChange[] => {
      const slot = {
        id: '',
        type: '',
        machine: machine.machine,
        device,
        machineWorkers: 1,
        machineCpuThreads: 1,
      };
      const isAlone = deviceCountOf(suite.profile, device.class) === 1;
      if (device.usable || !isAlone || neverRejection(suite, slot, false) !== undefined) return [];
      const remedy = machineProblemOf(device, machine)?.remedy;
      const how = remedy ?? device.unusableBecause;
      const text = `if ${device.id} were usable${how === undefined ? '' : `: ${how}`}`;
      return [{ text, machines: [machine.machine.name], of: 'device' }];
    }),
  );
}
