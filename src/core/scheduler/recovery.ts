/**
 * Recovery that fits the hardware: what the next attempt of a suite must have that the last one lacked. Each step has more
 * memory or a smaller batch size than the one before, or can be taken once, so that there is an end to it.
 */

import type { DeviceFault, Placement, SuiteEnded } from '../events.js';
import { batchSizeOn, smallerBatchSize } from '../machine/batch-size.js';
import { formatBytes } from '../vocabulary/units.js';
import type { Attempt } from './attempts.js';
import type { BacklogGroup, PendingAttempt } from './backlog-group.js';
import type { FleetPool } from './fleet.js';
import type { RunState } from './run-state.js';

const tuning = {
  /** Machines that were lost under a suite which had each for itself, until it is taken for the cause. A policy. */
  machinesLost: 3,
} as const;

/** What earlier attempts of a suite ask of its next one, and what became of them. */
export interface Trail {
  /** The next attempt should have a device of at least this memory, as a smaller one was too small. */
  readonly leastMemoryBytes?: number;
  /** It is handed this batch size, as a larger one was too large for its device. */
  readonly batchSize?: number;
  /** Slot pools whose device had errors under the suite; used again only where no other can run it. */
  readonly notOn: readonly string[];
  /** It had its one new process after a browser or an adapter was lost. */
  readonly hadNewProcess: boolean;
  /** It was tried again after the disk of a machine was full. */
  readonly hadFullDisk: boolean;
  /** Attempts that took their worker down, for a person. */
  readonly losses: readonly string[];
  /** How many machines were lost while the suite ran there. */
  readonly machinesLost: number;
}

const noTrail: Trail = { notOn: [], hadNewProcess: false, hadFullDisk: false, losses: [], machinesLost: 0 };

/** `again`: how the next attempt differs. Without it the suite is given up, and its last attempt counts. */
export interface Recovery {
  readonly again?: Pick<PendingAttempt, 'alone' | 'trail'> & Partial<Pick<PendingAttempt, 'lostOn'>>;
  readonly cause: string;
}

/**
 * What comes after an attempt that was lost, or that its device ended.
 * @returns Undefined where the end is the suite's own.
 */
export function recoveryAfter(attempt: Attempt, ended: SuiteEnded, state: RunState): Recovery | undefined {
  if (state.cancelled !== undefined) return undefined;
  if (ended.notStarted) return { again: attempt.pending, cause: ended.cause ?? noResult };
  if (!state.options.retryLost) return undefined;
  const { deviceFault } = ended;
  if (deviceFault !== undefined && isEndedByDevice(attempt, ended))
    return afterFault(attempt, deviceFault, state);
  return ended.status === 'lost' ? afterLoss(attempt, ended) : undefined;
}

/** Whether the end says nothing of the suite's code. A CPU is never to blame, its machine's disk may be. */
export function isEndedByDevice({ pool }: Attempt, { status, deviceFault }: SuiteEnded): boolean {
  if (deviceFault === undefined || (status !== 'failed' && status !== 'lost')) return false;
  return deviceFault.kind === 'full-disk' || isAccelerator(pool);
}

/** After the loss of a whole machine, which says nothing of the suites there unless it happens again to one of them. */
export function recoveryAfterMachine(
  { pending, pool, wasAlone }: Pick<Attempt, 'pending' | 'pool'> & { readonly wasAlone: boolean },
  ended: SuiteEnded,
): Recovery {
  const trail = pending.trail ?? noTrail;
  const machinesLost = trail.machinesLost + 1;
  const losses = [...trail.losses, lossText(pool, ended)];
  const cause = ended.cause ?? noResult;
  if (machinesLost >= tuning.machinesLost && wasAlone) return { cause: poisonText(losses) };
  return {
    cause,
    again: {
      alone: pending.alone,
      lostOn: pool.anySlot.machine.name,
      trail: { ...trail, machinesLost, losses },
    },
  };
}

/** Of these pools, those that the group's suites should go to after earlier attempts; all of them where there are none. */
export function poolsAfter(group: BacklogGroup, pools: readonly FleetPool[]): readonly FleetPool[] {
  const { trail = noTrail, lostOn } = group.head;
  const { notOn, leastMemoryBytes } = trail;
  const isElsewhere = ({ anySlot }: FleetPool) => anySlot.machine.name !== lostOn;
  const isUnspoilt = ({ name }: FleetPool) => !notOn.includes(name);
  const isLargeEnough = (pool: FleetPool) =>
    leastMemoryBytes === undefined || (isAccelerator(pool) && memoryOf(pool) >= leastMemoryBytes);
  return [isElsewhere, isUnspoilt, isLargeEnough].reduce((left, test) => {
    const fitting = withEnoughDevices(group, left.filter(test));
    return fitting.length > 0 ? fitting : left;
  }, pools);
}

/** Those of machines with as many such devices as a suite of the group takes at once (`gpu:2`). */
function withEnoughDevices(group: BacklogGroup, pools: readonly FleetPool[]): readonly FleetPool[] {
  return pools.filter((pool) => {
    const isAlike = (other: FleetPool) =>
      pool.siblings.has(other) && other.device.class === pool.device.class;
    const count = group.deviceCountOn(pool);
    return count === 1 || pools.filter(isAlike).length >= count;
  });
}

/** What the suite's next placement says of its batch size. */
export function batchSizeAfter({ trail }: PendingAttempt): Pick<Placement, 'batchSize'> {
  return trail?.batchSize === undefined ? {} : { batchSize: trail.batchSize };
}

function afterLoss({ pending, pool }: Attempt, ended: SuiteEnded): Recovery {
  const trail = pending.trail ?? noTrail;
  const losses = [...trail.losses, lossText(pool, ended)];
  if (pending.alone) return { cause: poisonText(losses) };
  return {
    cause: ended.cause ?? noResult,
    again: { alone: true, lostOn: pool.anySlot.machine.name, trail: { ...trail, losses } },
  };
}

function afterFault(attempt: Attempt, fault: DeviceFault, state: RunState): Recovery {
  switch (fault.kind) {
    case 'out-of-memory':
      return afterTooLittleMemory(attempt, fault, state);
    case 'context-lost':
      return afterLostContext(attempt, fault);
    case 'gone':
    case 'error':
      return afterError(attempt, fault, state);
    case 'full-disk':
      return afterFullDisk(attempt, fault, state);
  }
}

function afterTooLittleMemory(attempt: Attempt, { evidence }: DeviceFault, state: RunState): Recovery {
  const { pending, pool } = attempt;
  const { profile } = pending.suite;
  const trail = pending.trail ?? noTrail;
  const memoryBytes = memoryOf(pool);
  const size = memoryBytes === 0 ? '' : ` (${formatBytes(memoryBytes)})`;
  const what = `out of device memory on ${pool.name}${size}: ${evidence}`;
  const triedBytes = Math.max(memoryBytes, trail.leastMemoryBytes ?? 0);
  const group = groupOf(attempt, state);
  const isLarger = (other: FleetPool) => isAccelerator(other) && memoryOf(other) > triedBytes;
  const larger = withEnoughDevices(group, [...group.claimByPool.keys()].filter(isLarger));
  const { alone } = pending;
  if (memoryBytes > 0 && larger.length > 0) {
    const cause = `${what}; tried again on a larger device`;
    return { cause, again: { alone, trail: { ...trail, leastMemoryBytes: triedBytes + 1 } } };
  }
  const handed = trail.batchSize ?? batchSizeOn(pool.device, profile);
  const smaller = handed === undefined ? undefined : smallerBatchSize(profile, handed);
  if (smaller === undefined) {
    return { cause: `${what}; no larger device can run it, and it has no smaller batch size (@batch-sizes)` };
  }
  return {
    cause: `${what}; tried again with batch size ${smaller} instead of ${handed}`,
    again: { alone, trail: { ...trail, leastMemoryBytes: memoryBytes, batchSize: smaller } },
  };
}

function afterLostContext({ pending, pool }: Attempt, { evidence }: DeviceFault): Recovery {
  const trail = pending.trail ?? noTrail;
  const what = `browser or adapter lost on ${pool.name}: ${evidence}`;
  if (trail.hadNewProcess) return { cause: `${what}; in a new process again` };
  const again = { alone: pending.alone, trail: { ...trail, hadNewProcess: true } };
  return { cause: `${what}; tried again in a new process`, again };
}

/** Errors on two devices are taken for the suite's own: code that is wrong fails so on each. */
function afterError(attempt: Attempt, { kind, evidence }: DeviceFault, state: RunState): Recovery {
  const { pending, pool } = attempt;
  const trail = pending.trail ?? noTrail;
  const what = `${kind === 'gone' ? `${pool.name} is gone` : `device error on ${pool.name}`}: ${evidence}`;
  if (trail.notOn.length > 0) {
    return { cause: `${what}; as on ${trail.notOn.join(', ')} before, so the suite is taken for the cause` };
  }
  const isElsewhere = [...groupOf(attempt, state).claimByPool.keys()].some((other) => other !== pool);
  const where = isElsewhere ? 'on another device' : 'in a new process';
  const how = pool.setAside === undefined ? `tried again ${where}` : 'the device is set aside';
  return {
    cause: `${what}; ${how}`,
    again: { alone: pending.alone, trail: { ...trail, notOn: [pool.name] } },
  };
}

/** A disk may have room again, or another machine has; a suite may fill any. */
function afterFullDisk(attempt: Attempt, { evidence }: DeviceFault, state: RunState): Recovery {
  const { pending, pool } = attempt;
  const trail = pending.trail ?? noTrail;
  const { name } = pool.anySlot.machine;
  const what = `the disk of ${name} is full: ${evidence}`;
  if (trail.hadFullDisk) return { cause: `${what}; it was tried again before` };
  const others = [...groupOf(attempt, state).claimByPool.keys()].filter(
    ({ anySlot }) => anySlot.machine.name !== name,
  );
  return {
    cause: `${what}; tried again ${others.length > 0 ? 'on another machine' : 'there'}`,
    again: { alone: pending.alone, lostOn: name, trail: { ...trail, hadFullDisk: true } },
  };
}

/** The suite with all pools on which it can run some time, whatever its earlier attempts met. */
function groupOf({ pending: { suite, turn, queuedAtMs, attempt } }: Attempt, state: RunState): BacklogGroup {
  const pending = { suite, turn, queuedAtMs, attempt, alone: false };
  return state.backlog.matchedAlone(pending, state.fleet.pools);
}

function poisonText(losses: readonly string[]): string {
  return `took down ${losses.length} workers: ${losses.join('; ')}`;
}

/** `on local/gpu0: its process was killed by SIGSEGV (last output: "cudaFree")` */
function lossText({ name }: FleetPool, { cause = noResult, lastOutput }: SuiteEnded): string {
  const last = lastOutput?.split('\n').at(-1)?.trim() ?? '';
  return `on ${name}: ${cause}${last === '' ? '' : ` (last output: "${last}")`}`;
}

const noResult = 'the attempt ended without a result';

export function isAccelerator({ device }: FleetPool): boolean {
  return device.class !== 'cpu';
}

/** 0: not known. */
function memoryOf({ device }: FleetPool): number {
  return device.memoryBytes ?? 0;
}
