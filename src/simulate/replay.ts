import { Estimates, type Observation } from '../core/estimate/estimate.js';
import type { RunEvent, Suite } from '../core/events.js';
import { deviceKindOf, type Slot } from '../core/machine/machine.js';
import type { SimulatedCase } from './case.js';

/** Estimates with these bases come from runs of the suite itself. */
const ownBases: ReadonlySet<string> = new Set(['own-device', 'other-device', 'given']);

/**
 * A recorded run as a case: its suites take as long as they did. On a kind of device where a suite did not run, it takes what
 * the rest of the record lets expect. Ways to machines become slower and faster when they did.
 * @param slots Other slots. Default: those of the record.
 */
export function replayCase(
  events: readonly RunEvent[],
  seed: number,
  slots?: readonly Slot[],
): SimulatedCase {
  const recorded = events.flatMap((event) => (event.type === 'slot-up' ? event.slot : []));
  const kindBySlot = new Map(recorded.map((slot) => [slot.id, deviceKindOf(slot.device)]));
  const kindOfSlot = (slotId: string) => kindBySlot.get(slotId) ?? 'cpu';
  const measured: Observation[] = [];
  const expected: Observation[] = [];
  for (const event of events) {
    if (event.type === 'suite-ended' && (event.status === 'passed' || event.status === 'failed')) {
      const { suiteId, slotId, durationMs, peakMemoryBytes } = event;
      const peak = peakMemoryBytes === undefined ? {} : { peakMemoryBytes };
      measured.push({ suiteId, deviceKind: kindOfSlot(slotId), durationMs, ...peak });
    } else if (event.type === 'suite-started') {
      const { suiteId, slotId, estimate } = event.placement;
      if (!ownBases.has(estimate.basis)) continue;
      const { durationMs, samples } = estimate;
      expected.push({ suiteId, deviceKind: kindOfSlot(slotId), durationMs, samples });
    }
  }
  // The duration of a suite that never ended is unknown, so it is left out.
  const ended = new Set(measured.map(({ suiteId }) => suiteId));
  const suites = events.flatMap((event): Suite[] =>
    event.type === 'suite-queued' && ended.has(event.suite.id) ? [event.suite] : [],
  );
  const truth = new Estimates(measured);
  for (const suite of suites) truth.announce(suite);
  return {
    slots: slots ?? recorded,
    suites,
    links: events.filter((event) => event.type === 'link-measured'),
    seed,
    trueMs: ({ expectedMs: _given, ...suite }, { device }) =>
      truth.estimateOf(suite, deviceKindOf(device)).durationMs,
    estimates: () => new Estimates(expected),
  };
}
