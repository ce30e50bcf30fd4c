import type { TestFailure } from '../../core/events.js';
import type { AttemptSummary } from '../summary/attempts.js';
import type { DeviceSummary } from '../summary/machines.js';
import { clausesWithChange, type SuiteSummary } from '../summary/suites.js';
import type { RunSummary } from '../summary/summary.js';

/** Where and how a suite ran at one attempt, in the words that formats for other programs share. */
export interface AttemptFacts {
  /** From 1. */
  readonly attempt: number;
  /** Name of the machine; left out where the record does not tell. */
  readonly machine?: string;
  /** `cpu`, `gpu0`; of several devices `gpu0 + gpu1`. The slot where the record does not tell. */
  readonly device: string;
  /** The next three by comma, each value once; left out where no device has any. */
  readonly class?: string;
  readonly model?: string;
  readonly driver?: string;
  /** `2/3`; left out when the run is no shard. */
  readonly shard?: string;
  readonly degraded: boolean;
  readonly flaky: boolean;
  readonly peakMemoryBytes?: number;
  readonly executedTests?: number;
  readonly waitedMs?: number;
  /** Joules; left out unless measured on every device. */
  readonly energyJoules?: number;
}

/** @returns A function from suites of the run; it returns undefined for a suite without an attempt. */
export function attemptFactsIn({ machines, shard }: RunSummary) {
  const devices = new Map(
    machines.flatMap((machine) => machine.devices.map((device) => [device.type, device] as const)),
  );
  const machineOf = new Map(
    machines.flatMap(({ name, devices: own }) => own.map(({ type }) => [type, name] as const)),
  );
  return (suite: SuiteSummary, attempt = decidingAttempt(suite)): AttemptFacts | undefined => {
    if (attempt === undefined) return undefined;
    const { deviceTypes, degraded, peakMemoryBytes, executedTests } = attempt;
    const held = deviceTypes.flatMap((type) => devices.get(type) ?? []);
    const machine = deviceTypes.map((type) => machineOf.get(type)).find((name) => name !== undefined);
    const energyJoules = measuredJoules(attempt);
    return {
      attempt: attempt.attempt,
      ...(machine !== undefined && { machine }),
      device: held.map(({ id }) => id).join(' + ') || attempt.slotId,
      ...listed('class', held),
      ...listed('model', held),
      ...listed('driver', held),
      ...(shard && { shard: `${shard.index}/${shard.total}` }),
      degraded,
      flaky: suite.outcome === 'flaky',
      ...(peakMemoryBytes !== undefined && { peakMemoryBytes }),
      ...(executedTests !== undefined && { executedTests }),
      ...(suite.waitedMs !== undefined && { waitedMs: suite.waitedMs }),
      ...(energyJoules !== undefined && { energyJoules }),
    };
  };
}

function listed(field: 'class' | 'model' | 'driver', devices: readonly DeviceSummary[]) {
  const values = new Set(devices.flatMap((device) => device[field] ?? []));
  return values.size === 0 ? {} : { [field]: [...values].join(', ') };
}

function measuredJoules({ energy, energyJoules }: AttemptSummary): number | undefined {
  const parts = Object.values(energy);
  return parts.length > 0 && parts.every(({ basis }) => basis === 'measured') ? energyJoules : undefined;
}

/** The attempt that gave the suite its outcome: not a second one beside it that was stopped. Undefined without attempts. */
export function decidingAttempt({ outcome, attempts }: SuiteSummary): AttemptSummary | undefined {
  const status = outcome === 'flaky' ? 'passed' : outcome;
  return attempts.findLast((attempt) => attempt.status === status) ?? attempts.at(-1);
}

/** What failed in a suite that failed; older records do not tell. */
export function failuresOf(suite: SuiteSummary): readonly TestFailure[] {
  return suite.outcome === 'failed' ? (decidingAttempt(suite)?.failures ?? []) : [];
}

/** Why a suite has its outcome, in one line. */
export function causeOf(suite: SuiteSummary): string {
  const [first] = failuresOf(suite);
  if (first !== undefined) return [first.test, first.message].filter(Boolean).join(': ');
  return clausesWithChange(suite).join('; ') || decidingAttempt(suite)?.cause || suite.outcome;
}
