import { createHash } from 'node:crypto';
import { Estimates } from '../../core/estimate/estimate.js';
import type { Suite } from '../../core/events.js';
import { type Slot, slotsOf } from '../../core/machine/machine.js';
import { planShards, type ShardPlan, shardPlannerVersion } from '../../core/offline/shards.js';
import { defaultProfile, type WorkloadProfile } from '../../core/workload/profile.js';
import type { FleetMachine } from '../../machine-file/fleets.js';
import { expectedMs, type History, observationsOf } from '../../record/history.js';

/** What every shard must know alike. */
export interface ShardRun {
  readonly total: number;
  /** One machine for each shard; left out: equal ones, whatever they are. */
  readonly fleet?: readonly FleetMachine[];
  readonly history: History;
  /** Suites of a run that asked for a part of them: these alone are planned. Left out: all that the newest whole run had. */
  readonly narrowedTo?: readonly Suite[];
  /** Suites that take part in the plan though the history may not know them; only where no other shard plans by itself. */
  readonly suites?: readonly Suite[];
}

/** What the plan's id comes from, a short hash each: where two ids differ, one of these does. */
interface PlanInputs {
  readonly planner: string;
  readonly shards: string;
  readonly fleet: string;
  readonly history: string;
  /** Left out for a whole run. */
  readonly suites?: string;
}

export interface PlannedRun extends ShardPlan {
  /** Equal where all inputs are: 12 hexadecimal digits. */
  readonly planId: string;
  readonly inputs: PlanInputs;
  /** Suites whose durations are known. */
  readonly knownSuites: readonly Suite[];
}

/** Plans who runs what; deterministic across machines, file orders and locales. */
export function planRun({ total, fleet, history, suites, narrowedTo }: ShardRun): PlannedRun {
  const allKnown = suites ?? knownSuitesOf(history, fleet !== undefined);
  const asked = narrowedTo && new Map(narrowedTo.map((suite) => [suite.id, withNeeds(suite)]));
  const knownSuites = asked === undefined ? allKnown : allKnown.flatMap(({ id }) => asked.get(id) ?? []);
  const estimates = new Estimates(observationsOf(history));
  for (const suite of knownSuites) estimates.announce(suite);
  const shards = fleet === undefined ? equalShards(total) : fleet.map(slotsOfShard);
  const plan = planShards({ shards, known: knownSuites, estimates });
  const inputs: PlanInputs = {
    planner: String(shardPlannerVersion),
    shards: String(total),
    fleet: fleetHash(fleet),
    history: shortHash([durationsById(allKnown, history), ...needsById(allKnown)]),
    ...(narrowedTo !== undefined && { suites: 'a part' }),
  };
  return {
    predictedMs: plan.predictedMs,
    boundMs: plan.boundMs,
    planId: shortHash(inputs),
    inputs,
    knownSuites,
    shardOf: (suite) => plan.shardOf(withNeeds(suite)),
    divide: (all) => plan.divide(all.map(withNeeds)),
    longest: plan.longest,
  };

  /** Equal machines can all run a suite, or none can. */
  function withNeeds(suite: Suite): Suite {
    return fleet === undefined ? { ...suite, profile: defaultProfile } : suite;
  }
}

/** What a plan depends on of the machines, as a short hash. */
export function fleetHash(fleet: readonly FleetMachine[] | undefined): string {
  return fleet === undefined ? 'equal machines' : shortHash(fleet.map(slotsOfShard).map(essence));
}

function slotsOfShard({ machine, workers }: FleetMachine): readonly Slot[] {
  return slotsOf(machine, workers);
}

/** In whole ms, in the order of the suites and of the kinds' names. */
function durationsById(suites: readonly Suite[], { suites: known, reversion }: History): readonly string[] {
  return suites.map(({ id }) => {
    const devices = [...(known.get(id)?.devices ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    return [id, ...devices.map(([kind, device]) => `${kind} ${expectedMs(device, reversion)}`)].join('\0');
  });
}

/** Each profile once, and who has it. */
function needsById(suites: readonly Suite[]): readonly (readonly [WorkloadProfile, readonly string[]])[] {
  const ids = new Map<WorkloadProfile, string[]>();
  for (const { id, profile } of suites) {
    const known = ids.get(profile) ?? [];
    ids.set(profile, known);
    known.push(id);
  }
  return [...ids];
}

/** Suites that the newest whole run had, with what they asked for then; those that need the same share a profile. */
function knownSuitesOf({ suites }: History, withNeeds: boolean): readonly Suite[] {
  const profiles = new Map<string, WorkloadProfile>();
  const known: Suite[] = [];
  for (const [id, { devices, needs, missedRuns }] of suites) {
    if (devices.size === 0 || missedRuns > 0) continue;
    const key = withNeeds ? JSON.stringify(needs ?? {}) : '';
    const profile = profiles.get(key) ?? { ...defaultProfile, ...(withNeeds && needs) };
    profiles.set(key, profile);
    known.push({ id, profile, fileBytes: 0 });
  }
  return known.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** One slot each: how many suites run at once does not matter where all run as many. */
function equalShards(total: number): readonly (readonly Slot[])[] {
  return Array.from({ length: total }, (_, index) => {
    const machine = {
      name: `shard-${index + 1}`,
      platform: 'any',
      arch: 'any',
      cpuBudget: 1,
      memoryBudgetBytes: Number.MAX_SAFE_INTEGER,
    };
    // Of no kind that the history knows: CPUs of CI runners differ, and shards must not.
    const device = {
      id: 'cpu',
      class: 'cpu',
      model: 'of any kind',
      usable: true,
      software: false,
      backends: [],
      precisions: [],
      features: [],
      evidence: {},
    } as const;
    return slotsOf({ version: 1, machine, devices: [device], problems: [] }, 1);
  });
}

/** What a plan depends on of a shard's slots. */
function essence(slots: readonly Slot[]): unknown {
  return slots.map(({ device, machine, machineWorkers, machineCpuThreads }) => {
    const { id, class: deviceClass, architecture, model, memoryBytes, software } = device;
    const { backends, precisions, features } = device;
    return [
      [id, deviceClass, architecture, model, memoryBytes, software, backends, precisions, features],
      machine.memoryBudgetBytes,
      machineWorkers,
      machineCpuThreads,
    ];
  });
}

/** 12 hexadecimal digits. */
export function shortHash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}
