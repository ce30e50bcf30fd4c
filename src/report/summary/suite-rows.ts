import type { Estimate, RunEvent } from '../../core/events.js';
import type { DeviceClass } from '../../core/vocabulary/taxonomy.js';
import { formatDuration } from '../../core/vocabulary/units.js';
import { estimateText } from '../text/estimate.js';
import { devicesText, faultText, lostText } from './attempts.js';
import { clausesWithChange, type SuiteOutcome, type SuiteSummary } from './suites.js';
import type { RunSummary } from './summary.js';

/** A suite as a line of a list: what became of it, where, and why. */
export interface SuiteRow {
  readonly id: string;
  readonly outcome: SuiteOutcome;
  /** `<machine>/<device>` of its last attempt, several joined by ` + `; left out when it never started. */
  readonly device?: string;
  /** Class of that device; left out when it never started. */
  readonly class?: DeviceClass;
  /** How long its last attempt held its devices, ms; left out when it never started. */
  readonly timeMs?: number;
  /** What it waited for others to release what it needs, ms. */
  readonly waitedMs: number;
  /** How often it was started. */
  readonly attempts: number;
  /** Highest of all attempts. */
  readonly peakMemoryBytes?: number;
  /** Why it did not run or did not pass; else what it asked for and how long it was expected to take. */
  readonly why: string;
}

/** The suites in the order of the summary. */
export function suiteRows(summary: RunSummary, events: readonly RunEvent[]): readonly SuiteRow[] {
  const classOf = new Map(
    summary.machines.flatMap(({ devices }) => devices.map((device) => [device.type, device.class] as const)),
  );
  const estimateOf = new Map(
    events.flatMap((event) =>
      event.type === 'suite-started' ? [[event.placement.suiteId, event.placement.estimate] as const] : [],
    ),
  );
  return summary.suites.map((suite): SuiteRow => {
    const { id, outcome, attempts, waitedMs = 0 } = suite;
    const last = attempts.at(-1);
    const deviceClass = classOf.get(last?.deviceTypes[0] ?? '');
    const peaks = attempts.flatMap(({ peakMemoryBytes }) => peakMemoryBytes ?? []);
    return {
      id,
      outcome,
      ...(last && { device: devicesText(last), timeMs: last.heldMs }),
      ...(deviceClass && { class: deviceClass }),
      waitedMs,
      attempts: attempts.length,
      ...(peaks.length > 0 && { peakMemoryBytes: Math.max(...peaks) }),
      why: whyText(suite, estimateOf.get(id)),
    };
  });
}

function whyText(suite: SuiteSummary, estimate: Estimate | undefined): string {
  const { reasons, attempts, hardware } = suite;
  if (reasons.length > 0) return clausesWithChange(suite).join('; ');
  const last = attempts.at(-1);
  if (last === undefined) return 'was waiting';
  if (last.deviceFault !== undefined) return faultText(last);
  if (last.status === 'lost') return lostText(last);
  if (last.cause !== undefined) return last.cause;
  const [failure] = last.failures ?? [];
  return [
    ...(failure ? [`${failure.test ?? 'the suite'} failed${failure.at ? ` at ${failure.at}` : ''}`] : []),
    ...(last.degraded ? ['degraded'] : []),
    ...(hardware.length === 0 ? [] : [`asked for ${hardware.join(' or ')}`]),
    ...(estimate ? [`expected ${formatDuration(estimate.durationMs)} (${estimateText(estimate)})`] : []),
  ].join('; ');
}
