import { createHash } from 'node:crypto';
import { Estimates } from '../../core/estimate/estimate.js';
import type { Suite } from '../../core/events.js';
import { type Slot, slotsOf } from '../../core/machine/machine.js';
import { planShards, type ShardPlan, shardPlannerVersion } from '../../core/offline/shards.js';
import { defaultProfile, type WorkloadProfile } from '../../core/workload/profile.js';
import type { FleetMachine } from '../../machine-file/fleets.js';
import { expectedMs, type History, observationsOf } from '../../record/history.js';

/** The inputs of a plan. They must be the same on every shard. */
export interface ShardRun {
  readonly total: number;
  /** One machine for each shard; left out when all shards have equal machines. */
  readonly fleet?: readonly FleetMachine[];
  readonly history: History;
  /** The only suites to plan, in a run that asked for a part of them. Left out: all suites of the newest whole run. */
  readonly narrowedTo?: readonly Suite[];
  /** Suites to plan even if the history does not know them. Only for plans that no other shard has to compute alike. */
  readonly suites?: readonly Suite[];
}

/** What the id of a plan is computed from, a short hash each. Two ids differ because one of these differs. */
interface PlanInputs {
  readonly planner: string;
  readonly shards: string;
  readonly fleet: string;
  readonly history: string;
  /** Left out for a whole run. */
  readonly suites?: string;
}

export interface PlannedRun extends ShardPlan {
  /** 12 hexadecimal digits, equal when all inputs are equal. */
  readonly planId: string;
  readonly inputs: PlanInputs;
  /** Suites whose durations are known. */
  readonly knownSuites: readonly Suite[];
}

/** Plans which shard runs which suite. Deterministic across machines, orders of files and locales. */
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

  /** On equal machines needs do not matter: all of them can run a suite, or none can. */
  function withNeeds(suite: Suite): Suite {
    return fleet === undefined ? { ...suite, profile: defaultProfile } : suite;
  }
}

/** A short hash of all facts of the machines that a plan depends on. */
export function fleetHash(fleet: readonly FleetMachine[] | undefined): string {
  return fleet === undefined ? 'equal machines' : shortHash(fleet.map(slotsOfShard).map(essence));
}

function slotsOfShard({ machine, workers }: FleetMachine): readonly Slot[] {
  return slotsOf(machine, workers);
}

/** Durations in whole ms, in the order of the suites, then of the names of device kinds. */
function durationsById(suites: readonly Suite[], { suites: known, reversion }: History): readonly string[] {
  return suites.map(({ id }) => {
    const devices = [...(known.get(id)?.devices ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    return [id, ...devices.map(([kind, device]) => `${kind} ${expectedMs(device, reversion)}`)].join('\0');
  });
}

/** Each profile once, with the ids of its suites. */
function needsById(suites: readonly Suite[]): readonly (readonly [WorkloadProfile, readonly string[]])[] {
  const ids = new Map<WorkloadProfile, string[]>();
  for (const { id, profile } of suites) {
    const known = ids.get(profile) ?? [];
    ids.set(profile, known);
    known.push(id);
  }
  return [...ids];
}

/** The suites of the newest whole run, with their needs at that time. Suites with equal needs share a profile. */
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

/** Shards of one slot each: on equal machines it does not matter how many suites run at once. */
function equalShards(total: number): readonly (readonly Slot[])[] {
  return Array.from({ length: total }, (_, index) => {
    const machine = {
      name: `shard-${index + 1}`,
      platform: 'any',
      arch: 'any',
      cpuBudget: 1,
      memoryBudgetBytes: Number.MAX_SAFE_INTEGER,
    };
    // A kind that no history knows: CPU models of CI runners differ, but their plans must not.
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

/** The facts of a shard's slots that a plan depends on. */
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
