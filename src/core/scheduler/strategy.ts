import type { Estimate, Suite } from '../events.js';
import type { MachineState } from '../machine/load.js';
import type { Claim, Device, Slot } from '../machine/machine.js';

/**
 * A dispatching rule: decides which pending suite runs on which free slot. To add one, write one file in `strategies` and
 * add one line to its index.ts.
 */
export interface Strategy {
  readonly name: string;
  /** Called once per run; what it returns may keep state for that run. Equal events must give equal placements. */
  start(options: StrategyOptions): StrategyRun;
}

export interface StrategyOptions {
  /** Suites of equal priority start in the order in which they were queued, as far as they fit. Default false. */
  readonly keepOrder?: boolean | undefined;
  /** When the run should be over, ms after its start. Default: no such time. */
  readonly finishWithinMs?: number | undefined;
}

export interface StrategyRun {
  /** When the strategy wants to be asked again even if no event comes, as it leaves slots idle. Ms since the run started. */
  readonly reviewAtMs?: number | undefined;
  /**
   * Called by the scheduler whenever something may have changed. The scheduler starts what is returned and calls again,
   * until nothing is returned. Each proposal must fit after the ones before it have started; the scheduler checks that. A
   * slot may be left idle for a better suite to come, except when nothing at all is running.
   */
  place(view: ClusterView): readonly PlacementProposal[];
}

/** A strategy's decision to start a suite, before the scheduler has checked it. */
export interface PlacementProposal {
  readonly suiteId: string;
  readonly slotId: string;
}

/** What a strategy can decide about now. Valid during one call of `place`. */
export interface ClusterView {
  /** Integer ms since the run started. */
  readonly atMs: number;
  /** Slot pools with at least one free slot, in the order in which they came up. */
  readonly freePools: readonly SlotPool[];
  /** All slot pools that are up, in the same order. */
  readonly pools: readonly SlotPool[];
  /** Every pending suite is in exactly one of them. */
  readonly groups: Iterable<SuiteGroup>;
  readonly pendingCount: number;
  isPending(suiteId: string): boolean;
  /** What is running, in the order of the starts. */
  readonly running: Iterable<RunningSuite>;
  /** Grows when suites come, when slots come or go, and when a machine gets nearer or farther: a plan of the rest of the run may then be out of date. */
  readonly changes: number;
  /** Whether the group's suites may start now on a free slot of the pool: slots, budgets, locks and permits allow it. */
  fits(group: SuiteGroup, pool: SlotPool): boolean;
  estimate(suite: Suite, pool: SlotPool): Estimate;
}

/** A suite that is running. */
interface RunningSuite {
  readonly pending: PendingSuite;
  readonly pool: SlotPool;
  /** One for each device that the suite holds. */
  readonly slots: readonly Slot[];
  readonly claim: Claim;
  readonly estimate: Estimate;
  readonly startedAtMs: number;
}

/** Slots that are interchangeable: identical parallel machines. */
export interface SlotPool {
  /** `Slot.type`. */
  readonly name: string;
  /** `deviceKindOf` the device. */
  readonly deviceKind: string;
  readonly device: Device;
  /** Any slot of the pool, for what all of them share: machine, workers, budgets. */
  readonly anySlot: Slot;
  /** The sum of the claims on the machine. */
  readonly load: MachineState;
  /** How many slots are up, ≥ 1. */
  readonly slotCount: number;
  /** Lowest number first, so that the same worker processes are used again and stay warm. */
  readonly freeSlots: readonly FreeSlot[];
  /** Groups that can run here some time, in no particular order. */
  readonly eligibleGroups: ReadonlySet<SuiteGroup>;
}

export interface FreeSlot {
  readonly id: string;
  /** Numbers all slots of the run in the order in which they came up. */
  readonly ordinal: number;
}

/** Pending suites with equal needs, claims and priority: what holds for one holds for all. Never empty. */
export interface SuiteGroup {
  /** The suite that is first in turn. */
  readonly head: PendingSuite;
  /** All suites, first in turn first. */
  readonly suites: Iterable<PendingSuite>;
  /** 1…5, higher first. */
  readonly priority: number;
  /** The pools on which the suites can run some time, and what each suite would take there. */
  readonly claimByPool: ReadonlyMap<SlotPool, Claim>;
}

export interface PendingSuite {
  readonly suite: Suite;
  readonly turn: Turn;
}

/** Place in the queue, by priority ageing: the earliest virtual deadline first, then the order of queueing. */
export interface Turn {
  /**
   * Number of the start of this run by which the suite should have started. A lower priority puts it later, so that
   * suites of higher priority pass for a limited number of starts only.
   */
  readonly virtualDeadline: number;
  /** Numbers suites in the order in which they were queued. */
  readonly sequence: number;
}
