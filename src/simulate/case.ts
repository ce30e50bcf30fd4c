import { Estimates } from '../core/estimate/estimate.js';
import type { RunEvent, Suite } from '../core/events.js';
import type { Slot } from '../core/machine/machine.js';
import { dryRun } from '../core/offline/dry-run.js';
import { deviceCountOf } from '../core/scheduler/claim.js';
import { type StrategyName, strategies } from '../core/strategies/index.js';
import { hashOf } from '../core/vocabulary/hash.js';
import { randomFrom } from '../core/vocabulary/random.js';
import { eventsOfPlan } from './events-of-plan.js';
import { attemptsOf, boundOf, resultOf, type SimulationResult, unplaceableOf } from './result.js';
import { type LinkMeasured, type SlotLoss, simulate } from './simulate.js';

/** A run to simulate: the slots and suites, what is known beforehand, and what really happens. */
export interface SimulatedCase {
  readonly slots: readonly Slot[];
  readonly suites: readonly Suite[];
  readonly seed: number;
  /** What is known besides the suites' own `expectedMs`. Called once for each run, as a run adds to it. Default: nothing. */
  estimates?(): Estimates;
  /** How long the suite really takes on the slot, ms > 0. */
  trueMs(suite: Suite, slot: Slot): number;
  readonly losses?: readonly SlotLoss[];
  readonly links?: readonly LinkMeasured[];
  /** Whether devices get hot under load (simulated). Default false. */
  readonly heat?: boolean;
  /** Share of the suites whose first attempt is lost half-way, 0…1. Default 0. */
  readonly lostShare?: number;
}

/** A result with the events of its run, which pictures are drawn from. */
export interface DrawnResult {
  readonly result: SimulationResult;
  readonly events: readonly RunEvent[];
}

/** Share of its duration that an attempt runs before it is lost. Made up. */
const lostAfter = 0.5;

/** Runs the case through the scheduler, with a strategy that decides as suites end. */
export function runCase(given: SimulatedCase, strategy: StrategyName): SimulationResult {
  return drawnCase(given, strategy).result;
}

/** As `runCase`, with the events of the run. */
export function drawnCase(given: SimulatedCase, strategy: StrategyName): DrawnResult {
  const { slots, suites, seed, losses = [], links = [], lostShare = 0 } = given;
  const { events, schedulerMs } = simulate({
    slots,
    suites,
    losses,
    links,
    heat: given.heat ?? false,
    strategy: strategies[strategy],
    estimates: given.estimates?.() ?? new Estimates(),
    truth: (suite, slot, attempt) => {
      const durationMs = wholeMs(given.trueMs(suite, slot));
      const isLost = attempt === 1 && randomFrom(hashOf(`${seed} lost ${suite.id}`))() < lostShare;
      return isLost ? { durationMs: wholeMs(durationMs * lostAfter), status: 'lost' } : { durationMs };
    },
  });
  const result = resultOf({
    strategy,
    slots,
    attempts: attemptsOf(events),
    unplaceable: unplaceableOf(events),
    boundMs: boundOf(slots, suites, (suite, slot) => wholeMs(given.trueMs(suite, slot))),
    planCpuMs: schedulerMs,
  });
  return { result, events };
}

/**
 * Plans the case with what is known beforehand, and reports the plan as if it had run exactly so.
 * @param moves See `PlanOptions`.
 */
export function planCase({ slots, suites, seed, estimates }: SimulatedCase, moves?: number): DrawnResult {
  const known = estimates?.() ?? new Estimates();
  for (const suite of suites) known.announce(suite);
  const startedAt = process.cpuUsage();
  const planned = dryRun(slots, suites, known, { seed, ...(moves !== undefined && { moves }) });
  const { user, system } = process.cpuUsage(startedAt);
  const result = resultOf({
    strategy: 'plan',
    slots,
    attempts: planned.places.map(({ suite, slot, startMs, estimate }) => ({
      suiteId: suite.id,
      slotId: slot.id,
      devices: deviceCountOf(suite.profile, slot.device.class),
      startMs,
      endMs: startMs + estimate.durationMs,
      status: 'passed',
    })),
    unplaceable: planned.unplaceable.map(({ id }) => id),
    boundMs: planned.boundMs,
    planCpuMs: (user + system) / 1000,
  });
  return { result, events: eventsOfPlan(planned, slots, suites) };
}

function wholeMs(ms: number): number {
  return Math.max(1, Math.round(ms));
}
