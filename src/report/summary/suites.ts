import type {
  DeviceFault,
  RunEvent,
  SecondOpinion,
  SuiteEnded,
  SuiteStatus,
  TestFailure,
} from '../../core/events.js';
import { slotWattsOf } from '../../core/machine/suitability.js';
import type { WorkloadProfile } from '../../core/workload/profile.js';
import { clausesOf } from '../text/clauses.js';
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

interface Energy {
  readonly joules: number;
  /** `estimated`: rated watts of the device, else typical watts of its class, × the time for which it was held. */
  readonly basis: 'measured' | 'estimated';
}

export interface AttemptSummary {
  /** From 1. */
  readonly attempt: number;
  readonly slotId: string;
  /** `<machine>/<device>` of every device that the attempt held, used or not. */
  readonly deviceTypes: readonly string[];
  /** Whether its device lies outside of what the suite asked for. */
  readonly degraded: boolean;
  readonly status: SuiteStatus | 'running';
  /** Since the run started, ms. */
  readonly startedAtMs: number;
  /** How long it held its devices, ms; while it is running, so far. */
  readonly heldMs: number;
  /** Sum over its devices. */
  readonly energyJoules: number;
  /** By `<machine>/<device>`. */
  readonly energy: Readonly<Record<string, Energy>>;
  /** Left out unless the attempt gave a result. */
  readonly executedTests?: number;
  readonly peakMemoryBytes?: number;
  readonly cause?: string;
  /** It was lost with its machine, which says nothing of the suite. */
  readonly lostWithMachine?: true;
  /** For lost: the last that its process wrote to stderr. */
  readonly lastOutput?: string;
  /** Its device ended it, not an assertion. */
  readonly deviceFault?: DeviceFault;
  /** What came of running it again after it failed, where that was asked for. */
  readonly secondOpinion?: SecondOpinion;
  /** After a loss or a fault of the device: how the suite was tried again, or why it was not. */
  readonly recovery?: string;
  /** What failed, at most 10, and how many more tests did. Left out in older records. */
  readonly failures?: readonly TestFailure[];
  readonly moreFailures?: number;
  /** Tests that failed and passed when Jest tried them again, at most 10; left out where none did. */
  readonly retriedTests?: readonly string[];
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

/** Whether the attempt had no chance to give the suite's result, for a reason that may lie with the suite. */
export function isShaken({ status, lostWithMachine, deviceFault }: AttemptSummary): boolean {
  return (status === 'lost' && !lostWithMachine) || (status === 'failed' && deviceFault !== undefined);
}

function shakenReasons({ attempts }: Draft): readonly string[] {
  return attempts
    .filter((attempt) => attempt.status === 'lost' || isShaken(attempt))
    .map((attempt) => (attempt.deviceFault ? faultText(attempt) : lostText(attempt)));
}

/** `out of device memory on local/gpu0: CUDA out of memory; tried again on a larger device`. */
export function faultText(attempt: AttemptSummary): string {
  const { recovery, deviceFault } = attempt;
  return recovery ?? `${deviceFault?.kind}: ${deviceFault?.evidence}, on ${devicesText(attempt)}`;
}

/** `killed by SIGKILL, on local/cpu`. */
export function lostText(attempt: AttemptSummary): string {
  return `${attempt.cause ?? 'no result'}, on ${devicesText(attempt)}`;
}

/** The devices that an attempt held; its slot when the events do not name them. */
export function devicesText({ deviceTypes, slotId }: AttemptSummary): string {
  return deviceTypes.length === 0 ? slotId : deviceTypes.join(' + ');
}

/** Adds an estimate for each device whose energy was not measured. */
function withEstimates(attempt: AttemptSummary, watts: ReadonlyMap<string, number>): AttemptSummary {
  const entries = attempt.deviceTypes.map((type): [string, Energy] => {
    const joules = Math.round(((watts.get(type) ?? 0) * attempt.heldMs) / 100) / 10;
    return [type, attempt.energy[type] ?? { joules, basis: 'estimated' }];
  });
  const energyJoules = Math.round(entries.reduce((sum, [, { joules }]) => sum + joules, 0) * 10) / 10;
  return { ...attempt, energyJoules, energy: Object.fromEntries(entries) };
}

/** @param lostMachines Reasons for which machines were lost: the cause of each attempt that ran there. */
function endAttempt(draft: Draft, ended: SuiteEnded, atMs: number, lostMachines: ReadonlySet<string>): void {
  const { attempt, slotId, status, executedTests, peakMemoryBytes, energyJoules = {}, cause } = ended;
  const { failures, moreFailures, retriedTests, lastOutput, deviceFault, secondOpinion } = ended;
  const index = draft.attempts.findIndex(
    (started) => started.attempt === attempt && started.slotId === slotId,
  );
  const started = draft.attempts[index];
  if (started === undefined) return;
  draft.attempts[index] = {
    ...started,
    status,
    heldMs: Math.max(0, atMs - started.startedAtMs),
    energy: Object.fromEntries(
      started.deviceTypes.flatMap((type) => {
        const joules = energyJoules[type.slice(type.indexOf('/') + 1)];
        return joules === undefined ? [] : [[type, { joules, basis: 'measured' } satisfies Energy]];
      }),
    ),
    ...(executedTests !== undefined && { executedTests }),
    ...(peakMemoryBytes !== undefined && { peakMemoryBytes }),
    ...(cause !== undefined && { cause }),
    ...(status === 'lost' && lostMachines.has(cause ?? '') && { lostWithMachine: true as const }),
    ...(lastOutput !== undefined && { lastOutput }),
    ...(deviceFault !== undefined && { deviceFault }),
    ...(secondOpinion !== undefined && { secondOpinion }),
    ...(failures !== undefined && { failures }),
    ...(moreFailures !== undefined && { moreFailures }),
    ...(retriedTests !== undefined && { retriedTests }),
  };
}

function hardwareOf({ hardware }: WorkloadProfile): readonly string[] {
  return hardware.map(({ class: deviceClass, count }) =>
    count === 1 ? deviceClass : `${deviceClass}:${count}`,
  );
}
