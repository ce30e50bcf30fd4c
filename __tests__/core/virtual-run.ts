import { Estimates, type Observation } from '../../src/core/estimate/estimate.js';
import type { RunEvent, Suite, SuiteEnded } from '../../src/core/events.js';
import type { Slot } from '../../src/core/machine/machine.js';
import { Scheduler } from '../../src/core/scheduler/scheduler.js';
import type { Strategy } from '../../src/core/strategies/index.js';
import type { UnsatisfiablePolicy } from '../../src/core/workload/profile.js';
import { Referee } from './referee.js';

/** What the world does to a run. */
export interface Script {
  readonly slots: readonly Slot[];
  /** Slots that go (and come back) during the run, by index into `slots`. */
  readonly losses?: readonly { readonly slot: number; readonly atMs: number; readonly backAtMs?: number }[];
  /** Ways that become slower or faster, by index of a slot of the machine. */
  readonly links?: readonly { readonly slot: number; readonly atMs: number; readonly leadMs: number }[];
  /** Queued before the run is opened when `atMs` is 0. */
  readonly suites: readonly { readonly suite: Suite; readonly atMs: number }[];
  /** How attempts end, in the order of their starts, used again and again. */
  readonly outcomes: readonly ({ readonly durationMs: number } & Pick<
    SuiteEnded,
    'status' | 'deviceFault' | 'infrastructure'
  >)[];
  readonly cancelAtMs?: number;
  readonly unsatisfiable?: UnsatisfiablePolicy;
  readonly retryLost?: boolean;
  readonly history?: readonly Observation[];
}

/** Runs the script on a virtual clock under the referee's eyes. @returns All events, given and decided, in order. */
export function virtualRun(
  strategy: Strategy,
  script: Script,
  look: (referee: Referee, opened: boolean) => void = () => {},
): { readonly events: readonly RunEvent[]; readonly referee: Referee } {
  const {
    slots,
    suites,
    outcomes,
    unsatisfiable = { action: 'fail' },
    retryLost = true,
    history = [],
  } = script;
  const estimates = new Estimates(history);
  const scheduler = new Scheduler({ strategy, unsatisfiable, retryLost, estimates });
  const referee = new Referee();
  const events: RunEvent[] = [];
  const todo: { readonly event: RunEvent; readonly order: number }[] = [];
  let planned = 0;
  const plan = (event: RunEvent) => todo.push({ event, order: planned++ });
  const stopped = new Set<string>();
  let opened = false;
  let ended = false;
  let starts = 0;

  const tell = (event: RunEvent) => {
    if (event.type === 'run-opened') opened = true;
    const decided = scheduler.handle(event);
    // What the driver tells happens before what is decided, except that a suite on a lost slot ends before the slot.
    const [before, after] =
      event.type === 'slot-down' ? [decided.slice(0, 1), decided.slice(1)] : [[], decided];
    const lost = before[0]?.type === 'suite-ended' ? before : [];
    for (const each of [...lost, event, ...before.slice(lost.length), ...after]) {
      events.push(each);
      referee.watch(each);
      if (each.type === 'run-ended') ended = true;
      if (each.type === 'successor-recalled') {
        const { suiteId, slotId, attempt } = each;
        plan({ type: 'successor-returned', atMs: each.atMs + 3, suiteId, slotId, attempt });
      }
      if (each.type === 'attempt-stopped') {
        stopped.add(`${each.suiteId} ${each.attempt}`);
        const { suiteId, slotId, attempt, cause } = each;
        plan({
          type: 'suite-ended',
          atMs: each.atMs + 3,
          suiteId,
          slotId,
          attempt,
          status: 'cancelled',
          degraded: false,
          durationMs: 1,
          cause,
        });
      }
      if (each.type !== 'suite-started') continue;
      const { durationMs, ...outcome } = outcomes[starts++ % outcomes.length] ?? {
        status: 'passed',
        durationMs: 1,
      };
      const { suiteId, slotId, degraded } = each.placement;
      const { attempt } = each;
      plan({
        type: 'suite-ended',
        atMs: each.atMs + durationMs,
        suiteId,
        slotId,
        attempt,
        degraded,
        durationMs,
        ...outcome,
      });
    }
    look(referee, opened);
  };

  for (const slot of slots) plan({ type: 'slot-up', atMs: 0, slot });
  for (const { suite, atMs } of suites) if (atMs === 0) plan({ type: 'suite-queued', atMs, suite });
  plan({ type: 'run-opened', atMs: 0 });
  for (const { suite, atMs } of suites) if (atMs > 0) plan({ type: 'suite-queued', atMs, suite });
  for (const { slot: index, atMs, backAtMs } of script.losses ?? []) {
    const slot = slots[index % slots.length];
    if (slot === undefined) continue;
    plan({ type: 'slot-down', atMs, slotId: slot.id, reason: 'the machine is gone' });
    if (backAtMs !== undefined) plan({ type: 'slot-up', atMs: backAtMs, slot });
  }
  for (const { slot: index, atMs, leadMs } of script.links ?? []) {
    const slot = slots[index % slots.length];
    if (slot?.leadMs !== undefined) plan({ type: 'link-measured', atMs, machine: slot.machine.name, leadMs });
  }
  if (script.cancelAtMs !== undefined)
    plan({ type: 'run-cancelled', atMs: script.cancelAtMs, cause: 'interrupt' });

  const up = new Set<string>();
  while (todo.length > 0 || scheduler.nextTickAtMs !== undefined) {
    todo.sort((a, b) => a.event.atMs - b.event.atMs || a.order - b.order);
    const tickAtMs = scheduler.nextTickAtMs ?? Number.POSITIVE_INFINITY;
    const next = todo[0]?.event;
    if (next === undefined || tickAtMs < next.atMs) {
      tell({ type: 'tick', atMs: tickAtMs });
      continue;
    }
    todo.shift();
    if (next.type === 'slot-up' && up.has(next.slot.id)) continue;
    if (next.type === 'slot-up') up.add(next.slot.id);
    if (next.type === 'slot-down' && !up.delete(next.slotId)) continue;
    const runs = (end: RunEvent & { type: 'suite-ended' }) =>
      referee.running.some(({ suite, attempt }) => suite.id === end.suiteId && attempt === end.attempt);
    if (next.type === 'suite-ended' && !runs(next)) continue;
    if (
      next.type === 'suite-ended' &&
      next.status !== 'cancelled' &&
      stopped.has(`${next.suiteId} ${next.attempt}`)
    )
      continue;
    if (next.type === 'suite-queued' && ended) continue;
    if (next.type === 'successor-returned' && !referee.isSentAhead(next.suiteId)) {
      const { type: _type, ...attempt } = next;
      // It was on its way back when its slot became free; otherwise its slot was lost.
      const end = {
        ...attempt,
        type: 'suite-ended',
        status: 'cancelled',
        degraded: false,
        durationMs: 0,
      } as const;
      if (runs(end)) tell({ ...end, notStarted: true });
      continue;
    }
    tell(next);
  }
  return { events, referee };
}
