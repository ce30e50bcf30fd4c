import { readFileSync } from 'node:fs';
import { refuseSlots, slotsOf } from '../core/machine/machine.js';
import { limits } from '../core/vocabulary/limits.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { builtInWorkloads } from '../core/workload/built-in.js';
import { type FleetMachine, readFleet } from '../machine-file/fleets.js';
import { readRecord } from '../record/read.js';
import type { SimulatedCase } from '../simulate/case.js';
import { fleetNames, slotsOfFleet } from '../simulate/fleets.js';
import { replayCase } from '../simulate/replay.js';
import { caseOf } from '../simulate/scenario/case.js';
import { parseScenario } from '../simulate/scenario/read.js';
import { workloadCase } from '../simulate/workloads.js';
import type { FlagValues } from './command.js';
import { choicesFlag, unknownWord } from './flags/choice-flag.js';
import { numberFlag } from './flags/number-flag.js';
import { refuseTogether } from './flags/refuse-together.js';

export const workloadNames = Object.keys(builtInWorkloads);
export const caseDefaults = {
  machines: 5,
  tasks: 100,
  fleet: 'mixed',
  seed: 1,
  sigma: 0.3,
  unknown: 0.1,
} as const;

/** Flags that describe made-up suites, and so exclude suites from elsewhere. */
const madeUp = ['tasks', 'workload', 'sigma', 'unknown', 'lose-machines', 'lose-attempts'];

/**
 * What the flags of `simulate` ask for: a scenario, a recorded run, or made-up suites.
 * @throws {UsageError} for flags that exclude each other, files that cannot be read, and cases that are too large.
 */
export function caseFrom(flags: FlagValues): { readonly given: SimulatedCase; readonly title: string } {
  const [scenario, replay] = [flags.get('scenario'), flags.get('replay')];
  const { given, title } =
    scenario !== undefined
      ? scenarioCase(scenario, flags)
      : replay !== undefined
        ? recordedCase(replay, flags)
        : madeUpCase(flags);
  refuseTooMany(given.slots, given.suites.length);
  return { given: { ...given, heat: flags.has('heat') }, title };
}

type NamedCase = ReturnType<typeof caseFrom>;

function scenarioCase(path: string, flags: FlagValues): NamedCase {
  refuseTogether(flags, 'scenario', [...madeUp, 'workers', 'fleet', 'replay', 'seed']);
  const given = caseOf(parseScenario(textOfFile(path), path));
  return { given, title: titleOf(path, given) };
}

function recordedCase(path: string, flags: FlagValues): NamedCase {
  const fleet = flags.get('fleet');
  // The number of machines is that of the record, unless another fleet replaces them.
  refuseTogether(flags, 'replay', fleet === undefined ? [...madeUp, 'workers'] : madeUp);
  const slots = fleet === undefined ? undefined : slotsFrom(fleet, flags);
  const given = replayCase(readRecord(path).events, seedFrom(flags), slots);
  return { given, title: titleOf(`${path}${fleet === undefined ? '' : ` on ${fleet}`}`, given) };
}

function madeUpCase(flags: FlagValues): NamedCase {
  const share = { least: 0, most: 1, integer: false };
  const seed = seedFrom(flags);
  const fleet = flags.get('fleet') ?? caseDefaults.fleet;
  const tasks = numberFlag(flags, 'tasks', { least: 0, most: limits.suites }) ?? caseDefaults.tasks;
  const slots = slotsFrom(fleet, flags);
  // Before the suites are made.
  refuseTooMany(slots, tasks);
  const given = workloadCase(slots, {
    tasks,
    workloads: choicesFlag(flags, 'workload', workloadNames) ?? workloadNames,
    seed,
    sigma: numberFlag(flags, 'sigma', { least: 0, most: 3, integer: false }) ?? caseDefaults.sigma,
    unknownShare: numberFlag(flags, 'unknown', share) ?? caseDefaults.unknown,
    lostMachines: numberFlag(flags, 'lose-machines', { least: 0, most: limits.machines }) ?? 0,
    lostShare: numberFlag(flags, 'lose-attempts', share) ?? 0,
  });
  return { given, title: `${titleOf(`made-up suites on ${fleet}`, given)}, seed ${seed}` };
}

function seedFrom(flags: FlagValues): number {
  return numberFlag(flags, 'seed', { least: 0, most: 2 ** 31 - 1 }) ?? caseDefaults.seed;
}

/** Strategies compare every suite with every kind of slot, most of them repeatedly. */
function refuseTooMany(slots: SimulatedCase['slots'], suites: number): void {
  const kinds = new Set(slots.map(({ type }) => type)).size;
  if (kinds * suites <= limits.comparisons) return;
  throw new UsageError({
    message: 'the simulation is too large',
    expected: `at most ${limits.comparisons} suites × kinds of slots (devices of all machines)`,
    found: `${suites} × ${kinds}`,
    remedy: 'take fewer suites or machines: a smaller fleet of the same kinds behaves alike',
  });
}

/** @param fleet A name, or the path of a fleet file. */
function slotsFrom(fleet: string, flags: FlagValues): SimulatedCase['slots'] {
  const machines = numberFlag(flags, 'workers', { least: 1, most: limits.machines });
  const name = fleetNames.find((each) => each === fleet);
  if (name !== undefined) {
    const slots = slotsOfFleet(name, machines ?? caseDefaults.machines);
    refuseSlots('the fleet', slots.length);
    return slots;
  }
  if (!fleet.includes('.') && !fleet.includes('/')) throw unknownWord('fleet', fleet, fleetNames);
  const kinds = readFleet(fleet);
  let slots = 0;
  return Array.from({ length: kinds.length === 0 ? 0 : (machines ?? kinds.length) }, (_, index) => {
    const { machine, workers } = kinds[index % kinds.length] as FleetMachine;
    const round = Math.floor(index / kinds.length);
    const name = round === 0 ? machine.machine.name : `${machine.machine.name}-again-${round}`;
    const own = slotsOf({ ...machine, machine: { ...machine.machine, name } }, workers);
    slots += own.length;
    refuseSlots('the fleet', slots);
    return own;
  }).flat();
}

function textOfFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError({ file: path, message: 'the scenario cannot be read', found }, { cause });
  }
}

function titleOf(what: string, { slots, suites }: SimulatedCase): string {
  return `${what}: ${suites.length} suites, ${slots.length} slots`;
}
