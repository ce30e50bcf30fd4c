import type { RunEvent } from '../../core/events.js';
import { ownSuite, partsOfHeldText } from '../../core/machine/permits.js';

/** What other runs of the host kept this one waiting for. */
export interface WaitSummary {
  /** `gpu0`, `lock db`, `the machine` */
  readonly waitedFor: string;
  /** Time in which at least one suite waited, ms. Overlapping waits count once. */
  readonly waitedMs: number;
  /** Who held it when a wait began: `pid 4711 in ../app`. */
  readonly heldBy: readonly string[];
}

/** A shorter wait for other runs is not worth a word. */
export const shownWaitMs = 1000;

/** Waits that ended with a start. Waits for suites of the same run are ordinary, and left out. */
export function summariseWaits(events: readonly RunEvent[]): readonly WaitSummary[] {
  const waits = new Map<string, WaitSummary & { readonly untilMs: number }>();
  for (const event of events) {
    if (event.type !== 'suite-started' || event.waitedMs === undefined) continue;
    const { what, holder } = partsOfHeldText(event.waitedFor ?? '');
    if (holder === ownSuite || what === '') continue;
    const known = waits.get(what) ?? { waitedFor: what, waitedMs: 0, heldBy: [], untilMs: 0 };
    const fromMs = Math.max(event.atMs - event.waitedMs, known.untilMs);
    waits.set(what, {
      ...known,
      waitedMs: known.waitedMs + Math.max(0, event.atMs - fromMs),
      heldBy: [...new Set([...known.heldBy, ...(holder === undefined ? [] : [holder])])],
      untilMs: Math.max(known.untilMs, event.atMs),
    });
  }
  return [...waits.values()].map(({ untilMs: _untilMs, ...wait }) => wait);
}
