import type { CancelCause, RunEvent } from '../events.js';
import type { Machine } from '../machine/machine.js';
import { Attempts } from './attempts.js';
import { Backlog } from './backlog.js';
import { Fleet } from './fleet.js';
import { Health } from './health.js';
import type { SchedulerOptions } from './options.js';
import { Successors } from './successors.js';

type WithoutTime<Event> = Event extends unknown ? Omit<Event, 'atMs'> : never;

/** The run as it stands, and what has been decided about the event at hand. All parts of the scheduler share it. */
export class RunState {
  readonly options: SchedulerOptions;
  readonly fleet = new Fleet();
  /** By name, for what is present on them and not usable. */
  readonly machines = new Map<string, Machine>();
  /** Names of machines that may still join, see `machine-awaited`. */
  readonly awaited = new Set<string>();
  /** Why machines that were awaited do not take part, by name. */
  readonly absent = new Map<string, string>();
  readonly backlog: Backlog;
  readonly attempts = new Attempts();
  readonly health = new Health();
  /** Suites that were sent ahead to slots that are busy. */
  readonly successors = new Successors();
  /** Ids of all queued suites; where the scheduler stays open, of those that have not ended. */
  readonly suiteIds = new Set<string>();
  opened = false;
  ended = false;
  cancelled: CancelCause | undefined;
  /** How many attempts have started. */
  starts = 0;
  /** Grows with every suite that comes and every slot that comes or goes, see {@link ClusterView}. */
  changes = 0;
  #nowMs = 0;
  #slotCount: number | undefined;
  #decisions: RunEvent[] = [];

  constructor(options: SchedulerOptions) {
    this.options = options;
    this.backlog = new Backlog(options.unsatisfiable, options.estimates);
  }

  /** Ms since the run started. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Since `beginEvent`, in order. */
  get decisions(): readonly RunEvent[] {
    return this.#decisions;
  }

  /** Slots that are up and not left to other runs, as of the first look since `beginEvent`: it is asked for every estimate. */
  get slotCount(): number {
    this.#slotCount ??= this.fleet.pools.reduce((sum, { slotCount }) => sum + slotCount, 0);
    return this.#slotCount;
  }

  /** Whether suites may get second attempts now. */
  get speculates(): boolean {
    return (this.options.speculate ?? true) && this.cancelled === undefined;
  }

  beginEvent(atMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, atMs);
    this.#decisions = [];
    this.#slotCount = undefined;
  }

  decide(decision: WithoutTime<RunEvent>): void {
    this.#decisions.push({ atMs: this.#nowMs, ...decision });
  }

  /** What was sent ahead there waits for a start like others. @param deviceId Undefined: all of the machine. */
  setAside(machine: string, deviceId: string | undefined, reason: string): void {
    for (const slotId of this.fleet.setAside(machine, deviceId, reason)) this.returnSuccessors(slotId);
    this.backlog.invalidateMatches();
    this.changes++;
  }

  returnSuccessors(slotId: string): void {
    for (const { pending } of this.successors.behind(slotId)) {
      const { suite, attempt } = pending;
      this.decide({ type: 'successor-returned', suiteId: suite.id, slotId, attempt });
      this.returnSuccessor(suite.id);
    }
  }

  /** The successor waits for a start like others. One that was withdrawn with the run meanwhile is ignored. */
  returnSuccessor(suiteId: string): void {
    const successor = this.successors.remove(suiteId);
    if (successor === undefined) return;
    this.backlog.add(successor.pending);
    this.changes++;
  }

  isPending(suiteId: string): boolean {
    return this.backlog.groupOf(suiteId) !== undefined;
  }

  /** A scheduler that stays open may live for long, so it forgets a suite that has ended. Its durations stay known. */
  forgetIfEnded(suiteId: string): void {
    const hasEnded = !this.isPending(suiteId) && this.attempts.runningAt(suiteId).length === 0;
    if (!this.options.staysOpen || !hasEnded) return;
    this.suiteIds.delete(suiteId);
    this.attempts.forgetNumberOf(suiteId);
    this.options.estimates.forget(suiteId);
  }
}
