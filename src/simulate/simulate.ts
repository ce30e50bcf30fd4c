import { performance } from 'node:perf_hooks';
import { Estimates } from '../core/estimate/estimate.js';
import type { RunEvent, Suite, SuiteStatus } from '../core/events.js';
import type { Slot } from '../core/machine/machine.js';
import type { SchedulerOptions } from '../core/scheduler/options.js';
import { Scheduler } from '../core/scheduler/scheduler.js';
import type { Strategy } from '../core/strategies/index.js';
import { Heap } from '../core/vocabulary/heap.js';
import { newsMs, SimulatedDistance } from './distance.js';
import { type HeatChange, SimulatedHeat } from './heat.js';

export interface SimulationOptions
  extends Partial<Pick<SchedulerOptions, 'unsatisfiable' | 'retryLost' | 'speculate' | 'finishWithinMs'>> {
  readonly slots: readonly Slot[];
  readonly suites: readonly Suite[];
  readonly strategy: Strategy;
  /** What is known beforehand. Default: only the suites' own `expectedMs`. */
  readonly estimates?: Estimates;
  /** Called for each attempt that starts. @returns What really happens to it. */
  truth(suite: Suite, slot: Slot, attempt: number): Truth;
  /** Whether devices get hot under load (simulated). Default false. */
  readonly heat?: boolean;
  /** Ways to machines that become slower or faster during the run. */
  readonly links?: readonly LinkMeasured[];
  /** Slots that are lost during the run, and may come back. */
  readonly losses?: readonly SlotLoss[];
}

export type LinkMeasured = Extract<RunEvent, { type: 'link-measured' }>;

interface Truth {
  /** Ms, > 0. */
  readonly durationMs: number;
  /** Default `passed`. */
  readonly status?: SuiteStatus;
}

export interface SlotLoss {
  readonly slotId: string;
  readonly atMs: number;
  readonly backAtMs?: number;
}

export interface SimulatedRun {
  /** As in the record of a real run, with times of the virtual clock. */
  readonly events: readonly RunEvent[];
  /** When the last attempt ended, ms. */
  readonly makespanMs: number;
  /** Real time that the scheduler took for all decisions of the run, ms. */
  readonly schedulerMs: number;
}

/** Time from the decision to stop an attempt to its end. Made up. */
const stoppingMs = 10;

/** Runs made-up suites through the real scheduler, on a virtual clock. Deterministic, except for `schedulerMs`. */
export function simulate(options: SimulationOptions): SimulatedRun {
  const { slots, suites, strategy, losses = [], links = [], truth } = options;
  const scheduler = new Scheduler({
    strategy,
    unsatisfiable: options.unsatisfiable ?? { action: 'fail' },
    retryLost: options.retryLost ?? true,
    estimates: options.estimates ?? new Estimates(),
    ...(options.speculate !== undefined && { speculate: options.speculate }),
    finishWithinMs: options.finishWithinMs,
  });
  const slotOf = new Map(slots.map((slot) => [slot.id, slot]));
  const suiteOf = new Map(suites.map((suite) => [suite.id, suite]));
  const events: RunEvent[] = [];
  const upcoming = new Heap<RunEvent | HeatChange>();
  const heat = options.heat ? new SimulatedHeat(slots) : undefined;
  const changeLoad = (slotId: string, by: 1 | -1, atMs: number) => {
    const slot = slotOf.get(slotId);
    const next = slot && heat?.changeLoad(slot, by, atMs);
    if (next) upcoming.push(next.atMs, next);
  };
  const running = new Set<string>();
  const stopped = new Set<string>();
  let makespanMs = 0;
  let schedulerMs = 0;
  const keyOf = (suiteId: string, attempt: number) => `${attempt} ${suiteId}`;
  const distance = new SimulatedDistance();

  const handle = (event: RunEvent) => {
    const before = performance.now();
    const decided = scheduler.handle(event);
    schedulerMs += performance.now() - before;
    events.push(event, ...decided);
    for (const decision of decided) {
      if (decision.type === 'suite-started') {
        const { placement, attempt, atMs } = decision;
        const { suiteId, slotId, degraded } = placement;
        const suite = suiteOf.get(suiteId);
        const slot = slotOf.get(slotId);
        if (suite === undefined || slot === undefined) continue;
        const { durationMs, status = 'passed' } = truth(suite, slot, attempt);
        running.add(keyOf(suiteId, attempt));
        changeLoad(slotId, 1, atMs);
        const end = { suiteId, slotId, attempt, status, degraded, durationMs };
        const endAtMs = distance.startOn(slot, suiteId, atMs) + durationMs + newsMs(slot);
        upcoming.push(endAtMs, { type: 'suite-ended', atMs: endAtMs, ...end });
      } else if (decision.type === 'successor-named') {
        const slot = slotOf.get(decision.placement.slotId);
        if (slot !== undefined) distance.send(slot, decision.placement.suiteId, decision.atMs);
      } else if (decision.type === 'successor-recalled') {
        const { suiteId, slotId, attempt } = decision;
        const atMs = decision.atMs + (slotOf.get(slotId)?.leadMs ?? 0);
        upcoming.push(atMs, { type: 'successor-returned', atMs, suiteId, slotId, attempt });
      } else if (decision.type === 'successor-returned') {
        distance.takeBack(decision.suiteId);
      } else if (decision.type === 'attempt-stopped') {
        const { suiteId, slotId, attempt, cause } = decision;
        stopped.add(keyOf(suiteId, attempt));
        const atMs = decision.atMs + stoppingMs + (slotOf.get(slotId)?.leadMs ?? 0);
        const end = { suiteId, slotId, attempt, cause, degraded: false, durationMs: stoppingMs };
        upcoming.push(atMs, { type: 'suite-ended', atMs, status: 'cancelled', ...end });
      } else if (decision.type === 'suite-ended') {
        // The attempt was lost with its slot.
        running.delete(keyOf(decision.suiteId, decision.attempt));
        changeLoad(decision.slotId, -1, decision.atMs);
        makespanMs = Math.max(makespanMs, decision.atMs);
      }
    }
  };

  for (const slot of slots) handle({ type: 'slot-up', atMs: 0, slot });
  for (const suite of suites) handle({ type: 'suite-queued', atMs: 0, suite });
  for (const { slotId, atMs, backAtMs } of losses) {
    const slot = slotOf.get(slotId);
    if (slot === undefined) continue;
    upcoming.push(atMs, { type: 'slot-down', atMs, slotId, reason: 'lost in the simulation' });
    if (backAtMs !== undefined) upcoming.push(backAtMs, { type: 'slot-up', atMs: backAtMs, slot });
  }
  for (const link of links) upcoming.push(link.atMs, link);
  handle({ type: 'run-opened', atMs: 0 });

  const isOver = () => events.at(-1)?.type === 'run-ended';
  while (!isOver()) {
    const tickAtMs = scheduler.nextTickAtMs ?? Number.POSITIVE_INFINITY;
    if (tickAtMs < upcoming.leastKey) {
      handle({ type: 'tick', atMs: tickAtMs });
      continue;
    }
    const event = upcoming.pop();
    if (event === undefined) break;
    if (!('type' in event)) {
      const { event: change, next } = heat?.check(event) ?? {};
      if (next) upcoming.push(next.atMs, next);
      if (change) handle(change);
      continue;
    }
    if (event.type === 'suite-ended') {
      const key = keyOf(event.suiteId, event.attempt);
      // The attempt has ended already: it was lost with its slot, or stopped.
      if (!running.has(key) || (stopped.has(key) && event.status !== 'cancelled')) continue;
      running.delete(key);
      changeLoad(event.slotId, -1, event.atMs);
      distance.end(slotOf.get(event.slotId), event.atMs);
      makespanMs = Math.max(makespanMs, event.atMs);
    }
    if (event.type === 'link-measured') {
      for (const slot of slotOf.values())
        if (slot.machine.name === event.machine) slotOf.set(slot.id, { ...slot, leadMs: event.leadMs });
    }
    // It has started there, or came back before.
    if (event.type === 'successor-returned' && !distance.takeBack(event.suiteId)) continue;
    handle(event);
  }
  return { events, makespanMs, schedulerMs };
}
