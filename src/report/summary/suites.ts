import type { RunEvent, SuiteEnded } from '../../core/events.js';
import { slotWattsOf } from '../../core/machine/suitability.js';
import type { WorkloadProfile } from '../../core/workload/profile.js';
import { clausesOf } from '../text/clauses.js';
import {
  type AttemptSummary,
  endedAttempt,
  faultText,
  isShaken,
  lostText,
  withEstimates,
} from './attempts.js';
import { RefusedSuites } from './changes.js';

export const suiteOutcomes = [
  'passed',
  /** It passed after an attempt was lost with its process, or ended by its device. */
  'flaky',
  'failed',
  'skipped',
  'timed-out',
  'lost',
  'cancelled',
  /** No device could run it, and that fails the run. */
  'unplaceable-failed',
  /** No device could run it, which its policy accepts. */
  'unplaceable-skipped',
  /** Its docblock has mistakes. */
  'invalid',
  /** The run was cancelled before its turn. */
  'not-started',
  /** The run's own filter left it out. */
  'not-selected',
  /** It waits or runs where the events stop. */
  'unfinished',
] as const;
/** The outcome of a suite. Of several attempts the last one counts. */
export type SuiteOutcome = (typeof suiteOutcomes)[number];

export interface SuiteSummary {
  readonly id: string;
  readonly outcome: SuiteOutcome;
  /** In the order in which they started. */
  readonly attempts: readonly AttemptSummary[];
  /** One clause each: why it did not run, what is wrong with its docblock, or how an attempt of a flaky suite was lost. */
  readonly reasons: readonly string[];
  /** What would let it run, where no device could: `would run on 3 machines with 2 GiB less on the device`. */
  readonly smallestChange?: string;
  /** How long other runs, or suites that need the same, kept it from starting, ms; left out when nothing did. */
  readonly waitedMs?: number;
  /** What it waited for when the wait began: `gpu0 is held by pid 4711 in ../app`. */
  readonly waitedFor?: string;
  /** Hardware it asked for (`gpu`, `gpu:2`), any of these; empty when the events do not tell. */
  readonly hardware: readonly string[];
}

interface Draft {
  readonly id: string;
  outcome: SuiteOutcome;
  readonly attempts: AttemptSummary[];
  reasons: readonly string[];
  hardware: readonly string[];
  smallestChange?: string;
  waitedMs?: number;
  waitedFor?: string;
}

/** Every suite that the events name. */
export function summariseSuites(events: readonly RunEvent[]): readonly SuiteSummary[] {
  const drafts = new Map<string, Draft>();
  const machineOf = new Map<string, string>();
  /** Rated or typical watts of a slot, by `<machine>/<device>`. */
  const watts = new Map<string, number>();
  const stopped = new Set<string>();
  /** Reasons for which machines were lost. */
  const lostMachines = new Set<string>();
  const refused = new RefusedSuites();
  const draftOf = (id: string): Draft => {
    const draft = drafts.get(id) ?? { id, outcome: 'unfinished', attempts: [], reasons: [], hardware: [] };
    drafts.set(id, draft);
    return draft;
  };
  const setOutcome = (id: string, outcome: SuiteOutcome, reasons: readonly string[]) =>
    Object.assign(draftOf(id), { outcome, reasons });

  for (const event of events) {
    refused.event(event);
    switch (event.type) {
      case 'slot-up':
        machineOf.set(event.slot.id, event.slot.machine.name);
        watts.set(`${event.slot.machine.name}/${event.slot.device.id}`, slotWattsOf(event.slot));
        break;
      case 'suite-queued':
        draftOf(event.suite.id).hardware = hardwareOf(event.suite.profile);
        break;
      case 'suite-started': {
        const { suiteId, slotId, claim, degraded } = event.placement;
        const machine = machineOf.get(slotId);
        const draft = draftOf(suiteId);
        if (event.waitedMs !== undefined) {
          draft.waitedMs = (draft.waitedMs ?? 0) + event.waitedMs;
          if (event.waitedFor !== undefined) draft.waitedFor = event.waitedFor;
        }
        draft.attempts.push({
          attempt: event.attempt,
          slotId,
          deviceTypes: machine === undefined ? [] : claim.deviceIds.map((device) => `${machine}/${device}`),
          degraded,
          status: 'running',
          startedAtMs: event.atMs,
          heldMs: Math.max(0, (events.at(-1)?.atMs ?? 0) - event.atMs),
          energyJoules: 0,
          energy: {},
        });
        break;
      }
      case 'machine-lost':
        lostMachines.add(event.reason);
        break;
      case 'attempt-stopped':
        stopped.add(`${event.slotId} ${event.suiteId}`);
        break;
      case 'suite-ended': {
        const draft = draftOf(event.suiteId);
        endAttempt(draft, event, event.atMs, lostMachines);
        // A stopped attempt does not count: another one gave the result.
        if (!stopped.has(`${event.slotId} ${event.suiteId}`)) draft.outcome = event.status;
        break;
      }
      case 'suite-requeued':
        draftOf(event.suiteId).outcome = 'unfinished';
        noteRecovery(draftOf(event.suiteId), event.cause);
        break;
      case 'suite-given-up':
        noteRecovery(draftOf(event.suiteId), event.cause);
        break;
      case 'suite-unplaceable':
        setOutcome(
          event.suiteId,
          event.action === 'fail' ? 'unplaceable-failed' : 'unplaceable-skipped',
          clausesOf(event.rejections),
        );
        noteChange(draftOf(event.suiteId), refused);
        break;
      case 'suite-invalid':
        setOutcome(event.suiteId, 'invalid', event.problems);
        break;
      case 'suite-not-started':
        setOutcome(event.suiteId, 'not-started', [event.cause]);
        break;
      case 'suite-not-selected':
        setOutcome(event.suiteId, 'not-selected', [event.reason]);
        break;
    }
  }
  return [...drafts.values()].map((draft) => ({
    ...draft,
    ...(isFlaky(draft) && { outcome: 'flaky', reasons: shakenReasons(draft) }),
    attempts: draft.attempts.map((attempt) => withEstimates(attempt, watts)),
  }));
}

/** What is said after the end of an attempt is about it: about the last one that has ended. */
function noteRecovery({ attempts }: Draft, recovery: string): void {
  // An attempt that was taken back before it had started says so itself.
  if (attempts.some(({ status, cause }) => status === 'cancelled' && cause === recovery)) return;
  const index = attempts.findLastIndex(
    ({ status, deviceFault }) => status === 'lost' || deviceFault !== undefined,
  );
  const ended = attempts[index];
  if (ended !== undefined) attempts[index] = { ...ended, recovery };
}

function noteChange(draft: Draft, refused: RefusedSuites): void {
  const change = refused.changeFor(draft.id);
  if (change !== undefined) draft.smallestChange = change;
}

/** Why a suite has its outcome, and where no device could run it what would let it run. One clause each. */
export function clausesWithChange({
  reasons,
  smallestChange,
}: Pick<SuiteSummary, 'reasons' | 'smallestChange'>): readonly string[] {
  return smallestChange === undefined ? reasons : [...reasons, smallestChange];
}

function isFlaky({ outcome, attempts }: Draft): boolean {
  return outcome === 'passed' && attempts.some(isShaken);
}

function shakenReasons({ attempts }: Draft): readonly string[] {
  return attempts
    .filter((attempt) => attempt.status === 'lost' || isShaken(attempt))
    .map((attempt) => (attempt.deviceFault ? faultText(attempt) : lostText(attempt)));
}

/** @param lostMachines See {@link endedAttempt}. */
function endAttempt(draft: Draft, ended: SuiteEnded, atMs: number, lostMachines: ReadonlySet<string>): void {
  const index = draft.attempts.findIndex(
    ({ attempt, slotId }) => attempt === ended.attempt && slotId === ended.slotId,
  );
  const started = draft.attempts[index];
  if (started !== undefined) draft.attempts[index] = endedAttempt(started, ended, atMs, lostMachines);
}

function hardwareOf({ hardware }: WorkloadProfile): readonly string[] {
  return hardware.map(({ class: deviceClass, count }) =>
    count === 1 ? deviceClass : `${deviceClass}:${count}`,
  );
}
