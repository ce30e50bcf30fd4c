import type { DeviceFault, SecondOpinion, SuiteEnded, SuiteStatus, TestFailure } from '../../core/events.js';

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

/** Whether the attempt had no chance to give the suite's result, for a reason that may lie with the suite. */
export function isShaken({ status, lostWithMachine, deviceFault }: AttemptSummary): boolean {
  return (status === 'lost' && !lostWithMachine) || (status === 'failed' && deviceFault !== undefined);
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
export function withEstimates(attempt: AttemptSummary, watts: ReadonlyMap<string, number>): AttemptSummary {
  const entries = attempt.deviceTypes.map((type): [string, Energy] => {
    const joules = Math.round(((watts.get(type) ?? 0) * attempt.heldMs) / 100) / 10;
    return [type, attempt.energy[type] ?? { joules, basis: 'estimated' }];
  });
  const energyJoules = Math.round(entries.reduce((sum, [, { joules }]) => sum + joules, 0) * 10) / 10;
  return { ...attempt, energyJoules, energy: Object.fromEntries(entries) };
}

/** @param lostMachines Reasons for which machines were lost: the cause of each attempt that ran there. */
export function endedAttempt(
  started: AttemptSummary,
  ended: SuiteEnded,
  atMs: number,
  lostMachines: ReadonlySet<string>,
): AttemptSummary {
  const { status, executedTests, peakMemoryBytes, energyJoules = {}, cause } = ended;
  const { failures, moreFailures, retriedTests, lastOutput, deviceFault, secondOpinion } = ended;
  return {
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
