import type { Estimate, Suite } from '../events.js';
import type { MachineState } from '../machine/load.js';
import type { Claim, Device, Slot } from '../machine/machine.js';

/** A way to decide which suite runs where next. To add one: one file, and one line in `strategies` (index.ts). */
export interface Strategy {
  readonly name: string;
  /** Called once per run; what it returns may keep state for that run. Equal events must give equal placements. */
  start(options: StrategyOptions): StrategyRun;
}

export interface StrategyOptions {
  /** Suites of equal priority start in the order in which they were queued, as far as they fit. Default false. */
  readonly keepOrder?: boolean | undefined;
  /** When the run should be over, ms after its start. Default: as soon as the strategy likes. */
  readonly finishWithinMs?: number | undefined;
}

export interface StrategyRun {
  /** When it wants to be asked again though nothing else happens, as it leaves slots idle for something better. */
  readonly reviewAtMs?: number | undefined;
  /**
   * Called by the scheduler whenever something may have changed, and again after it has started what was returned,
   * until nothing is. Each pair must fit when the ones before it have started; the scheduler checks that. A slot may
   * be left idle for a better suite to come, except when nothing at all is running.
   */
  place(view: ClusterView): readonly SuitePlace[];
}

export interface SuitePlace {
  readonly suiteId: string;
  readonly slotId: string;
}

/** What can be decided now. Valid during one call of `place`. */
export interface ClusterView {
  /** Integer ms since the run started. */
  readonly atMs: number;
  /** Slot types with at least one free slot, in the order in which they came up. */
  readonly freeTypes: readonly SlotType[];
  /** All slot types that are up, likewise. */
  readonly types: readonly SlotType[];
  /** Every pending suite is in one of them. */
  readonly groups: Iterable<PendingGroup>;
  readonly pendingCount: number;
  isPending(suiteId: string): boolean;
  /** What is running, in the order of the starts. */
  readonly running: Iterable<RunningSuite>;
  /** Grows when suites come or slots come or go: what was planned for the rest of the run may not hold any more. */
  readonly changes: number;
  /** Whether the suites of the group may start now on a free slot of the type: budgets, locks and all. */
  fits(group: PendingGroup, type: SlotType): boolean;
  estimate(suite: Suite, type: SlotType): Estimate;
}

/** A suite that is running. */
interface RunningSuite {
  readonly pending: PendingSuite;
  readonly type: SlotType;
  /** One for each device it holds. */
  readonly slots: readonly Slot[];
  readonly claim: Claim;
  readonly estimate: Estimate;
  readonly startedAtMs: number;
}

/** Slots that are interchangeable. */
export interface SlotType {
  /** `Slot.type`. */
  readonly name: string;
  /** `kindOf` the device. */
  readonly kind: string;
  readonly device: Device;
  /** One of them, also for what they share: machine, workers, budgets. */
  readonly slot: Slot;
  /** What is taken of the machine. */
  readonly load: MachineState;
  /** How many are up. */
  readonly slots: number;
  /** Lowest number first, so that the same processes are used again and stay warm. */
  readonly free: readonly FreeSlot[];
  /** Groups that can run here some time, in no particular order. */
  readonly candidates: ReadonlySet<PendingGroup>;
}

export interface FreeSlot {
  readonly id: string;
  /** Counts slots in the order in which they came up. */
  readonly ordinal: number;
}

/** Pending suites with equal needs, claims and priority: what holds for one holds for all. Never empty. */
export interface PendingGroup {
  /** The one whose turn it is. */
  readonly head: PendingSuite;
  /** All of them, in order. */
  readonly suites: Iterable<PendingSuite>;
  /** 1…5, higher first. */
  readonly priority: number;
  /** Where they can run some time, and what each of them would take there. */
  readonly slotTypes: ReadonlyMap<SlotType, Claim>;
}

export interface PendingSuite {
  readonly suite: Suite;
  readonly turn: Turn;
}

/** Place in the queue: priority, aged by how much has started meanwhile, then the order of queueing. */
export interface Turn {
  readonly due: number;
  readonly sequence: number;
}
