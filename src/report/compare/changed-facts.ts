import type { RunStarted } from '../../core/events.js';
import { formatBytes } from '../../core/vocabulary/units.js';
import type { ReportedRun } from '../formats/format.js';
import type { DeviceSummary, MachineSummary } from '../summary/machines.js';

/** A fact of which the two runs have different values. */
export interface ChangedFact {
  /** `commit`, `cpu budget`, `gpu0 driver` */
  readonly what: string;
  /** Left out: the run did not have it. */
  readonly before?: string;
  readonly after?: string;
}

/** What was asked for and of which sources: commit, strategy, what narrowed the run … */
export function changedSettings(before: ReportedRun, after: ReportedRun): readonly ChangedFact[] {
  return changes(settingsOf(before), settingsOf(after));
}

/** Machines of equal names are compared; where no names are equal, in their order. */
export function changedMachines(before: ReportedRun, after: ReportedRun): readonly ChangedFact[] {
  const [old, now] = [before.summary.machines, after.summary.machines];
  const names = new Set(old.map(({ name }) => name));
  const isByName = now.some(({ name }) => names.has(name));
  const nameIn = (machines: readonly MachineSummary[]) => (machine: MachineSummary) =>
    isByName || machines.length === 0 ? machine.name : `machine ${machines.indexOf(machine) + 1}`;
  const several = Math.max(old.length, now.length) > 1;
  const factsOf = (machines: readonly MachineSummary[]) =>
    machines.flatMap((machine) => machineFacts(machine, several ? `${nameIn(machines)(machine)} ` : ''));
  return changes(factsOf(old), factsOf(now));
}

type Fact = readonly [what: string, value: string | undefined];

function settingsOf({ events, summary }: ReportedRun): readonly Fact[] {
  const started: Partial<RunStarted> = events.find((event) => event.type === 'run-started') ?? {};
  const { commit, uncommitted, strategy, packageVersion, coverage, coverageProvider, only, requireExecuted } =
    started;
  const slots = summary.machines
    .flatMap(({ devices }) => devices)
    .reduce((sum, device) => sum + device.slots, 0);
  return [
    ['commit', commit && `${commit}${uncommitted ? ' with uncommitted changes' : ''}`],
    ['left out by', started.narrowedBy?.join(', ') ?? (started.filtered ? 'not recorded' : undefined)],
    ['JEST_HARDWARE_ONLY', only?.join(',')],
    ['shard', summary.shard && `${summary.shard.index}/${summary.shard.total}`],
    ['coverage', coverage ? (coverageProvider ?? 'on') : undefined],
    ['strategy', strategy],
    ['requireExecuted', requireExecuted?.join(', ') || undefined],
    ['failOn', started.failOn?.join(', ')],
    ['jest-runner-hardware', packageVersion],
    ['slots', String(slots)],
  ];
}

function machineFacts(machine: MachineSummary, prefix: string): readonly Fact[] {
  const { name, platform, arch, cpuBudget, memoryBudgetBytes, devices } = machine;
  return [
    [`${prefix}machine`, name],
    [`${prefix}system`, `${platform} ${arch}`],
    [`${prefix}CPU budget`, `${Math.round(cpuBudget * 10) / 10} threads`],
    [`${prefix}memory budget`, formatBytes(memoryBudgetBytes)],
    ...devices.flatMap((device) => deviceFacts(device, `${prefix}${device.id}`)),
  ];
}

function deviceFacts(device: DeviceSummary, name: string): readonly Fact[] {
  const { model, driver, memoryBytes, usable, unusableBecause, slots } = device;
  return [
    [name, model ?? device.class],
    [`${name} driver`, driver],
    [`${name} memory`, memoryBytes === undefined ? undefined : formatBytes(memoryBytes)],
    [
      `${name} is`,
      usable ? 'usable' : `not usable${unusableBecause === undefined ? '' : `: ${unusableBecause}`}`,
    ],
    [`${name} slots`, String(slots)],
  ];
}

function changes(before: readonly Fact[], after: readonly Fact[]): readonly ChangedFact[] {
  const old = new Map(before);
  const now = new Map(after);
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((what) => {
    const [a, b] = [old.get(what), now.get(what)];
    if (a === b) return [];
    return [{ what, ...(a !== undefined && { before: a }), ...(b !== undefined && { after: b }) }];
  });
}
