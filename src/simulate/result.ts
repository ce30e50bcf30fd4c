import type { RunEvent, Suite, SuiteStatus } from '../core/events.js';
import type { Slot } from '../core/machine/machine.js';
import { slotWattsOf } from '../core/machine/suitability.js';
import { lowerBoundMs } from '../core/planner/plan.js';
import { neverRejection } from '../core/scheduler/feasibility.js';
import { planInstanceOf } from '../core/scheduler/plan-instance.js';

/** The result of a simulated run. `simulate --json` prints it. */
export interface SimulationResult {
  readonly version: 1;
  readonly simulated: true;
  /** Name of the strategy; `plan` for a plan made before the run. */
  readonly strategy: string;
  readonly makespanMs: number;
  /** Lower bound of the makespan. From true durations, which the scheduler did not know; for a plan from expected ones. */
  readonly boundMs: number;
  /** makespan / bound; 1 for an empty run. */
  readonly ratio: number;
  /** Real CPU time that planning and deciding took in this process. */
  readonly planCpuMs: number;
  /** Number of attempts that started. */
  readonly decisions: number;
  /** Number of attempts beyond the first of their suite: after a lost one, or beside one that took too long. */
  readonly moves: number;
  /** Busy time of all slots over slots × makespan, 0…1. */
  readonly utilisation: number;
  readonly utilisationByType: Readonly<Record<string, number>>;
  /** Time from the start of the run to the start of a suite, ms. */
  readonly waitMs: { readonly p50: number; readonly p95: number };
  /** Rated watts of the device, else typical ones of its class, × time: not measured. */
  readonly energyJoules: number;
  /** Suites that no slot can run. */
  readonly unplaceable: readonly string[];
  /** Slot of the attempt that gave the result, by suite; with several devices, the slot of the first. */
  readonly assignment: Readonly<Record<string, string>>;
  readonly attempts: readonly SimulatedAttempt[];
}

/** One attempt to run a suite. */
export interface SimulatedAttempt {
  readonly suiteId: string;
  readonly slotId: string;
  /** Number of devices that it holds, and so of slots. */
  readonly devices: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly status: SuiteStatus;
}

/** What a result is computed from. */
export interface ResultInput {
  readonly strategy: string;
  readonly slots: readonly Slot[];
  readonly attempts: readonly SimulatedAttempt[];
  readonly unplaceable: readonly string[];
  readonly boundMs: number;
  readonly planCpuMs: number;
}

export function resultOf(input: ResultInput): SimulationResult {
  const { strategy, slots, attempts, unplaceable, boundMs } = input;
  const makespanMs = attempts.reduce((latest, { endMs }) => Math.max(latest, endMs), 0);
  const slotOf = new Map(slots.map((slot) => [slot.id, slot]));
  const types = new Map<string, { slots: number; busyMs: number }>();
  for (const { id } of slots) {
    const { slots: count = 0 } = types.get(typeIn(id)) ?? {};
    types.set(typeIn(id), { slots: count + 1, busyMs: 0 });
  }
  const starts = new Map<string, number>();
  let energyJoules = 0;
  for (const { suiteId, slotId, devices, startMs, endMs } of attempts) {
    starts.set(suiteId, Math.min(starts.get(suiteId) ?? Number.POSITIVE_INFINITY, startMs));
    const slot = slotOf.get(slotId);
    const type = types.get(typeIn(slotId));
    if (slot === undefined || type === undefined) continue;
    const busyMs = devices * (endMs - startMs);
    type.busyMs += busyMs;
    energyJoules += (slotWattsOf(slot) * busyMs) / 1000;
  }
  const utilisation = (busyMs: number, count: number) =>
    makespanMs === 0 ? 0 : rounded(busyMs / (count * makespanMs), 4);
  const waits = [...starts.values()].sort((a, b) => a - b);
  const waited = (share: number) => waits[Math.min(waits.length - 1, Math.floor(share * waits.length))] ?? 0;
  return {
    version: 1,
    simulated: true,
    strategy,
    makespanMs,
    boundMs,
    ratio: boundMs === 0 ? 1 : rounded(makespanMs / boundMs, 6),
    planCpuMs: rounded(input.planCpuMs, 2),
    decisions: attempts.length,
    moves: attempts.length - starts.size,
    utilisation: utilisation(
      [...types.values()].reduce((sum, { busyMs }) => sum + busyMs, 0),
      slots.length,
    ),
    utilisationByType: Object.fromEntries(
      [...types].map(([type, { slots: count, busyMs }]) => [type, utilisation(busyMs, count)]),
    ),
    waitMs: { p50: waited(0.5), p95: waited(0.95) },
    energyJoules: Math.round(energyJoules),
    unplaceable,
    assignment: Object.fromEntries(
      attempts.filter(({ status }) => status === 'passed').map(({ suiteId, slotId }) => [suiteId, slotId]),
    ),
    attempts,
  };
}

/** The type that a scenario gives the slot, from its id `<type>#<n>`. Its slots may be devices of their own. */
function typeIn(slotId: string): string {
  return slotId.slice(0, slotId.lastIndexOf('#'));
}

/** Lower bound of the makespan for these durations, ms. */
export function boundOf(
  slots: readonly Slot[],
  suites: readonly Suite[],
  durationMs: (suite: Suite, slot: Slot) => number,
): number {
  return lowerBoundMs(
    planInstanceOf(slots, suites, (suite, slot) =>
      neverRejection(suite, slot, false) === undefined ? durationMs(suite, slot) : Number.POSITIVE_INFINITY,
    ).instance,
  );
}

export function attemptsOf(events: readonly RunEvent[]): readonly SimulatedAttempt[] {
  const running = new Map<string, Pick<SimulatedAttempt, 'devices' | 'startMs'>>();
  const attempts: SimulatedAttempt[] = [];
  for (const event of events) {
    if (event.type === 'suite-started') {
      const { slotId, partnerSlotIds = [] } = event.placement;
      running.set(slotId, { devices: 1 + partnerSlotIds.length, startMs: event.atMs });
    } else if (event.type === 'suite-ended') {
      const { suiteId, slotId, status, atMs: endMs } = event;
      const started = running.get(slotId);
      if (started !== undefined) attempts.push({ suiteId, slotId, ...started, endMs, status });
    }
  }
  return attempts;
}

export function unplaceableOf(events: readonly RunEvent[]): readonly string[] {
  return events.flatMap((event) => (event.type === 'suite-unplaceable' ? event.suiteId : []));
}

function rounded(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
