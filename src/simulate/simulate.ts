import { performance } from 'node:perf_hooks';
import { Estimates } from '../core/estimate/estimate.js';
import type { RunEvent, Suite, SuiteStatus } from '../core/events.js';
import type { Slot } from '../core/machine/machine.js';
import type { SchedulerOptions } from '../core/scheduler/options.js';
import { Scheduler } from '../core/scheduler/scheduler.js';
import type { Strategy } from '../core/strategies/index.js';
import { Heap } from '../core/vocabulary/heap.js';
import { type HeatChange, SimulatedHeat } from './heat.js';

export interface SimulationOptions
  extends Partial<Pick<SchedulerOptions, 'unsatisfiable' | 'retryLost' | 'speculate' | 'finishWithinMs'>> {
  readonly slots: readonly Slot[];
  readonly suites: readonly Suite[];
  readonly strategy: Strategy;
  /** What is known beforehand. Default: nothing but what the suites bring. */
  readonly estimates?: Estimates;
  /** What really happens: called for each attempt that starts. */
  truth(suite: Suite, slot: Slot, attempt: number): Truth;
  /** Whether devices get hot under load (simulated). Default false. */
  readonly heat?: boolean;
  /** Slots that go during the run, and may come back. */
  readonly losses?: readonly SlotLoss[];
}

interface Truth {
  /** > 0. */
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
  /** As in the record of a real run, on a virtual clock. */
  readonly events: readonly RunEvent[];
  /** When the last attempt ended, ms. */
  readonly makespanMs: number;
  /** Time that the scheduler really took for all decisions of the run, ms. */
  readonly schedulerMs: number;
}

/** How long it takes until an attempt that is told to stop has ended, ms. */
const stoppingMs = 10;

/** Runs suites that exist on paper alone through the real scheduler, on a virtual clock. Deterministic but for `schedulerMs`. */
export function simulate(options: SimulationOptions): SimulatedRun {
  const { slots, suites, strategy, losses = [], truth } = options;
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
  const todo = new Heap<RunEvent | HeatChange>();
  const heat = options.heat ? new SimulatedHeat(slots) : undefined;
  const warm = (slotId: string, by: 1 | -1, atMs: number) => {
    const slot = slotOf.get(slotId);
    const next = slot && heat?.changeLoad(slot, by, atMs);
    if (next) todo.push(next.atMs, next);
  };
  const running = new Set<string>();
  const stopped = new Set<string>();
  let makespanMs = 0;
  let schedulerMs = 0;
  const keyOf = (suiteId: string, attempt: number) => `${attempt} ${suiteId}`;

  const tell = (event: RunEvent) => {
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
        warm(slotId, 1, atMs);
        const end = { suiteId, slotId, attempt, status, degraded, durationMs };
        todo.push(atMs + durationMs, { type: 'suite-ended', atMs: atMs + durationMs, ...end });
      } else if (decision.type === 'attempt-stopped') {
        const { suiteId, slotId, attempt, cause } = decision;
        stopped.add(keyOf(suiteId, attempt));
        const atMs = decision.atMs + stoppingMs;
        const end = { suiteId, slotId, attempt, cause, degraded: false, durationMs: stoppingMs };
        todo.push(atMs, { type: 'suite-ended', atMs, status: 'cancelled', ...end });
      } else if (decision.type === 'suite-ended') {
        // Lost with its slot.
        running.delete(keyOf(decision.suiteId, decision.attempt));
        warm(decision.slotId, -1, decision.atMs);
        makespanMs = Math.max(makespanMs, decision.atMs);
      }
    }
  };

  for (const slot of slots) tell({ type: 'slot-up', atMs: 0, slot });
  for (const suite of suites) tell({ type: 'suite-queued', atMs: 0, suite });
  for (const { slotId, atMs, backAtMs } of losses) {
    const slot = slotOf.get(slotId);
    if (slot === undefined) continue;
    todo.push(atMs, { type: 'slot-down', atMs, slotId, reason: 'lost in the simulation' });
    if (backAtMs !== undefined) todo.push(backAtMs, { type: 'slot-up', atMs: backAtMs, slot });
  }
  tell({ type: 'run-opened', atMs: 0 });

  const isOver = () => events.at(-1)?.type === 'run-ended';
  while (!isOver()) {
    const tickAtMs = scheduler.nextTickAtMs ?? Number.POSITIVE_INFINITY;
    if (tickAtMs < todo.leastKey) {
      tell({ type: 'tick', atMs: tickAtMs });
      continue;
    }
    const event = todo.pop();
    if (event === undefined) break;
    if (!('type' in event)) {
      const { event: change, next } = heat?.check(event) ?? {};
      if (next) todo.push(next.atMs, next);
      if (change) tell(change);
      continue;
    }
    if (event.type === 'suite-ended') {
      const key = keyOf(event.suiteId, event.attempt);
      // It ended before in another way: lost with its slot, or stopped.
      if (!running.has(key) || (stopped.has(key) && event.status !== 'cancelled')) continue;
      running.delete(key);
      warm(event.slotId, -1, event.atMs);
      makespanMs = Math.max(makespanMs, event.atMs);
    }
    tell(event);
  }
  return { events, makespanMs, schedulerMs };
}
