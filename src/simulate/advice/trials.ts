import { Estimates } from '../../core/estimate/estimate.js';
import { placesOf } from '../../core/offline/deal.js';
import { planShards } from '../../core/offline/shards.js';
import { areaBoundMs, type BoundSlot, type DurationsMs } from '../../core/planner/area-bound.js';
import { type StrategyName, strategies } from '../../core/strategies/index.js';
import { simulate } from '../simulate.js';
import { type CandidateFleet, fleetKey, slotsByMachine } from './candidate-fleets.js';
import { DrawnRuns, type LearnedWork } from './learned-work.js';
import { type MachineKind, slotsOfKind } from './machine-kinds.js';

/** What is asked of a fleet. */
export interface Aim {
  /** How soon a run should be over, the setup of its machines included, ms > 0. */
  readonly finishWithinMs: number;
  /** What each machine takes before its first suite (checkout, installation), ms ≥ 0. */
  readonly setupMs: number;
  /** How many runs are simulated on a fleet, ≥ 1. */
  readonly runs: number;
  /** In which share of the runs the time must be met, 0…1. */
  readonly confidence: number;
  readonly seed: number;
}

/** A fleet on which runs were simulated. */
export interface TriedFleet extends CandidateFleet {
  /** Total times of the runs, setup included, ms, in the order of the runs. */
  readonly totalsMs: readonly number[];
  /** In how many of the runs the time was met. */
  readonly inTime: number;
  /** What half of the runs did not exceed, ms. */
  readonly halfWithinMs: number;
  /** What nine of ten runs did not exceed, ms. */
  readonly mostWithinMs: number;
}

/** A suite that no fleet finishes sooner. */
export interface LongestSuite {
  readonly suiteId: string;
  /** Where it is fastest: `<kind>/<device>`. */
  readonly place: string;
  readonly ms: number;
}

/** Simulates the recorded suites on fleets. Each machine has a scheduler of its own, as with `--shard`. */
export class Trials {
  readonly #work: LearnedWork;
  readonly #aim: Aim;
  readonly #strategy: StrategyName;
  readonly #drawn: DrawnRuns;
  readonly #kinds: readonly MachineKind[];
  readonly #durations = new Map<number, readonly DurationsMs[]>();
  readonly #workMs = new Map<number, number>();
  readonly #tried = new Map<string, TriedFleet>();

  constructor(kinds: readonly MachineKind[], work: LearnedWork, aim: Aim, strategy: StrategyName) {
    this.#kinds = kinds;
    this.#work = work;
    this.#aim = aim;
    this.#strategy = strategy;
    this.#drawn = new DrawnRuns(work, aim.seed);
  }

  /** Numbers of the runs. */
  get runs(): readonly number[] {
    return Array.from({ length: this.#aim.runs }, (_, index) => index + 1);
  }

  tried(fleet: CandidateFleet): TriedFleet {
    const key = fleetKey(fleet);
    const known = this.#tried.get(key) ?? this.#try(fleet);
    this.#tried.set(key, known);
    return known;
  }

  meets({ inTime }: TriedFleet): boolean {
    return inTime >= this.enough;
  }

  /** Whether lower bounds of its runs prove that the fleet cannot meet the time. */
  isTooSlow(fleet: CandidateFleet): boolean {
    const { finishWithinMs, setupMs, runs } = this.#aim;
    const mostMs = finishWithinMs - setupMs;
    let late = 0;
    const workers = workersOf(fleet);
    for (const run of this.runs) {
      const isLate =
        this.#workOf(run) / workers > mostMs ||
        areaBoundMs(this.#durationsOf(run), boundSlotsOf(fleet)) > mostMs;
      if (isLate) late++;
      if (runs - late < this.enough) return true;
    }
    return false;
  }

  /** Lower bound of the total time as expected, setup included, ms: compares fleets that are not tried. */
  boundMs(fleet: CandidateFleet): number {
    return this.#aim.setupMs + areaBoundMs(this.#durationsOf(0), boundSlotsOf(fleet));
  }

  /** By run: the suite that takes longest, each where it is fastest. Undefined where there is no suite. */
  longest(): readonly (LongestSuite | undefined)[] {
    return this.runs.map((run) => this.longestIn(run));
  }

  /** @param run 0: as expected. */
  longestIn(run: number): LongestSuite | undefined {
    let longest: LongestSuite | undefined;
    this.#durationsOf(run).forEach((durations, index) => {
      const [place = '', ms = 0] = Object.entries(durations).toSorted(([, a], [, b]) => a - b)[0] ?? [];
      const suiteId = this.#work.suites[index]?.id ?? '';
      if (ms > (longest?.ms ?? 0)) longest = { suiteId, place, ms };
    });
    return longest;
  }

  /** In how many of the runs the time has to be met. */
  get enough(): number {
    return Math.ceil(this.#aim.confidence * this.#aim.runs - 1e-9);
  }

  #try(fleet: CandidateFleet): TriedFleet {
    const { finishWithinMs, setupMs } = this.#aim;
    const machines = slotsByMachine(fleet);
    const { suites, observations } = this.#work;
    const estimates = () => {
      const known = new Estimates(observations);
      for (const suite of suites) known.announce(suite);
      return known;
    };
    const shardOf =
      machines.length === 1
        ? suites.map(() => 0)
        : planShards({ shards: machines, known: suites, estimates: estimates() }).divide(suites);
    const totalsMs = this.runs.map((run) => {
      const ends = machines.map((slots, machine) => {
        const own = suites.filter((_, index) => shardOf[index] === machine);
        if (own.length === 0) return 0;
        const { makespanMs } = simulate({
          slots,
          suites: own,
          strategy: strategies[this.#strategy],
          estimates: new Estimates(observations),
          truth: (suite, slot) => ({ durationMs: this.#drawn.drawnMs(suite, slot, run) }),
        });
        // More workers do not make CPU time less.
        const cpuMs = own.reduce((sum, { id }) => sum + (this.#work.cpuMs.get(id) ?? 0), 0);
        return Math.max(makespanMs, cpuMs / (slots[0]?.machine.cpuBudget ?? 1));
      });
      return Math.round(setupMs + Math.max(...ends));
    });
    const sorted = totalsMs.toSorted((a, b) => a - b);
    const within = (share: number) => sorted[Math.ceil(share * sorted.length - 1e-9) - 1] ?? 0;
    return {
      ...fleet,
      totalsMs,
      inTime: totalsMs.filter((ms) => ms <= finishWithinMs).length,
      halfWithinMs: within(0.5),
      mostWithinMs: within(0.9),
    };
  }

  #durationsOf(run: number): readonly DurationsMs[] {
    const known = this.#durations.get(run);
    if (known !== undefined) return known;
    const kinds = this.#kinds.map((kind) => ({ kind, slots: slotsOfKind(kind, 1, 1) }));
    const made = this.#work.suites.map((suite) =>
      Object.fromEntries(
        kinds.flatMap(({ kind, slots }) =>
          placesOf(suite, slots).map((slot) => [
            `${kind.name}/${slot.device.id}`,
            run === 0 ? this.#drawn.usualMs(suite, slot) : this.#drawn.drawnMs(suite, slot, run),
          ]),
        ),
      ),
    );
    this.#durations.set(run, made);
    return made;
  }

  /** The work of a run, each suite where it is fastest. */
  #workOf(run: number): number {
    const known = this.#workMs.get(run);
    if (known !== undefined) return known;
    const workMs = this.#durationsOf(run).reduce((sum, each) => sum + Math.min(...Object.values(each)), 0);
    this.#workMs.set(run, workMs);
    return workMs;
  }
}

function workersOf(fleet: CandidateFleet): number {
  return fleet.parts.reduce(
    (sum, { kind, count, cpuWorkers }) =>
      sum + count * (slotsOfKind(kind, 1, cpuWorkers)[0]?.machineWorkers ?? 0),
    0,
  );
}

/** Slots whose pools are named by kind, so that one table of durations serves all fleets. */
function boundSlotsOf({ parts }: CandidateFleet): readonly BoundSlot[] {
  return parts.flatMap(({ kind, count, cpuWorkers }) => {
    const slots = slotsOfKind(kind, 1, cpuWorkers);
    return Array.from({ length: count }, (_, number) =>
      slots.map(({ device, machineWorkers }) => ({
        type: `${kind.name}/${device.id}`,
        machine: { name: `${kind.name}-${number + 1}` },
        machineWorkers,
      })),
    ).flat();
  });
}
