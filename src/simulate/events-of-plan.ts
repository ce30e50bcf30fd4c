import type { RunEvent, Suite } from '../core/events.js';
import type { Slot } from '../core/machine/machine.js';
import type { DryRun } from '../core/offline/dry-run.js';
import { claimOf } from '../core/scheduler/claim.js';

/** The events that a run would have which went exactly as planned. */
export function eventsOfPlan(
  { places, unplaceable }: DryRun,
  slots: readonly Slot[],
  suites: readonly Suite[],
): readonly RunEvent[] {
  const attempts = places.flatMap(({ suite, slot, startMs, estimate }): RunEvent[] => {
    const attempt = { suiteId: suite.id, slotId: slot.id };
    const endMs = startMs + estimate.durationMs;
    const claim = claimOf(suite, slot, estimate);
    return [
      {
        type: 'suite-started',
        atMs: startMs,
        attempt: 1,
        placement: { ...attempt, claim, estimate, degraded: false },
      },
      {
        type: 'suite-ended',
        atMs: endMs,
        ...attempt,
        attempt: 1,
        status: 'passed',
        degraded: false,
        durationMs: estimate.durationMs,
      },
    ];
  });
  return [
    ...slots.map((slot): RunEvent => ({ type: 'slot-up', atMs: 0, slot })),
    ...suites.map((suite): RunEvent => ({ type: 'suite-queued', atMs: 0, suite })),
    { type: 'run-opened', atMs: 0 },
    ...unplaceable.map(
      ({ id }): RunEvent => ({
        type: 'suite-unplaceable',
        atMs: 0,
        suiteId: id,
        action: 'fail',
        rejections: [],
      }),
    ),
    ...attempts.sort((a, b) => a.atMs - b.atMs),
    { type: 'run-ended', atMs: Math.max(0, ...attempts.map(({ atMs }) => atMs)) },
  ];
}
