/** EASY backfilling with draining (Lifka 1995): keeps small suites from starving a large one. */

import type { Estimates } from '../estimate/estimate.js';
import { meanResidualLifeMs } from '../estimate/residual-life.js';
import { type Allocation, allocationOn, fits, partialAllocation } from './allocation.js';
import type { Attempt, Attempts } from './attempts.js';
import type { Backlog, PeakDemand } from './backlog.js';
import type { BacklogGroup } from './backlog-group.js';
import type { Fleet, FleetPool } from './fleet.js';
import type { Turn } from './strategy.js';
import { comesBefore } from './turn.js';

// Around: `node bench/tuning.mjs FOLDER --seeds 4`, total time over that with the value as it is, as geometric mean (and
// range) over 8 cases with scarce memory and suites of several devices.
const tuning = {
  /**
   * Bypasses of a group's head after which resources are reserved for it.
   * 16: 1.005 (0.99 to 1.04), 64: 1.050 (0.82 to 1.80).
   */
  bypassesBeforeReservation: 32,
  /**
   * A candidate is given up when the suite is expected to end there this many times as late as at first.
   * 1: 0.999 (0.97 to 1.02), 4: 1.000.
   */
  candidatePatience: 2,
} as const;

/** Pools of one machine and device kind on which the head of a group may wait: whichever is free first will do. */
interface Candidate {
  readonly group: BacklogGroup;
  readonly pools: readonly [FleetPool, ...FleetPool[]];
}

/** The candidate on which the suite waits. */
interface Target extends Candidate {
  /** When the suite is expected to end there, ms from now. */
  readonly endMs: number;
  /** When it is expected to end later than this, another candidate may be better. Ms since the run started. */
  readonly latestMs: number;
}

/**
 * Books what a suite takes, as if it ran, on the machine where it is expected to end first. Other suites start there only
 * in what is left, so the machine drains until the suite fits. There is one reservation at a time, so that no two can wait
 * for each other.
 */
export class Reservation {
  readonly #fleet: Fleet;
  readonly #backlog: Backlog;
  readonly #attempts: Attempts;
  readonly #estimates: Estimates;
  readonly #overdue = new Set<BacklogGroup>();
  /** Kept while the group waits, so that the same machine goes on draining. */
  #target: Target | undefined;
  /** Kept while suspended, so that the same slot is booked again. */
  #allocation: Allocation | undefined;
  #isBooked = false;

  constructor(fleet: Fleet, backlog: Backlog, attempts: Attempts, estimates: Estimates) {
    this.#fleet = fleet;
    this.#backlog = backlog;
    this.#attempts = attempts;
    this.#estimates = estimates;
  }

  /** Books nothing until `renew`. To be called before slots go down or suites come and go. */
  suspend(): void {
    if (this.#allocation && this.#isBooked)
      this.#fleet.release(this.#allocation.slots, this.#allocation.claim);
    this.#isBooked = false;
  }

  /**
   * Books resources for the suite that was bypassed too often.
   * @returns An allocation when the suite fits now: then it must start.
   */
  renew(nowMs: number): Allocation | undefined {
    this.suspend();
    const group = this.#nextBeneficiary();
    this.#target = group && this.#targetFor(group, nowMs);
    if (this.#target === undefined) return undefined;
    const allocation = this.#allocationNow(this.#target);
    this.#allocation = allocation ? undefined : this.#bookable(this.#target);
    if (this.#allocation) {
      this.#fleet.allocate(this.#allocation.slots, this.#allocation.claim);
      this.#isBooked = true;
    }
    return allocation;
  }

  /** The group for whose head resources are reserved. */
  get beneficiary(): BacklogGroup | undefined {
    return this.#target?.group;
  }

  /** To be called when a suite is about to start on the pool: counts it for every earlier suite that cannot start there. */
  countBypasses(turn: Turn, pool: FleetPool): void {
    if (fitsAnything(pool, this.#backlog.peak)) return;
    const pools = [...pool.siblings].filter(
      ({ freeSlots, isLeftToOthers }) => freeSlots.length > 0 && !isLeftToOthers,
    );
    for (const group of this.#backlog.groups) {
      if (!comesBefore(group.head.turn, turn)) continue;
      const here = pools.filter((each) => group.claimByPool.has(each));
      if (here.length === 0 || here.some((each) => fits(each, group))) continue;
      group.bypassCount++;
      if (isOverdue(group)) this.#overdue.add(group);
    }
  }

  /** Keeps the current beneficiary; otherwise the overdue group that is first in turn. */
  #nextBeneficiary(): BacklogGroup | undefined {
    if (this.#target && isOverdue(this.#target.group)) return this.#target.group;
    let first: BacklogGroup | undefined;
    for (const group of this.#overdue) {
      if (!isOverdue(group)) this.#overdue.delete(group);
      else if (!first || comesBefore(group.head.turn, first.head.turn)) first = group;
    }
    return first;
  }

  /** Keeps the current target unless it takes too long; otherwise the candidate with the earliest expected end. */
  #targetFor(group: BacklogGroup, nowMs: number): Target | undefined {
    if (this.#target?.group === group && this.#target.pools.every((pool) => group.claimByPool.has(pool))) {
      const endMs = this.#expectedEndMs(this.#target, nowMs);
      const isInTime = nowMs + endMs <= this.#target.latestMs;
      if (isInTime && endMs < Number.POSITIVE_INFINITY) return { ...this.#target, endMs };
    }
    let first: Target | undefined;
    for (const candidate of candidatesOf(group)) {
      const endMs = this.#expectedEndMs(candidate, nowMs);
      if (first !== undefined && endMs >= first.endMs) continue;
      first = { ...candidate, endMs, latestMs: nowMs + tuning.candidatePatience * endMs };
    }
    return first;
  }

  /**
   * When the group's head should end on the candidate, ms from now. Releases what runs on the machine, in the order of
   * expected ends, until the head fits, and then allocates it again. Infinite when the head does not fit even on the empty
   * machine: a device is hot, or a lock is held on another machine.
   */
  #expectedEndMs({ group, pools }: Candidate, nowMs: number): number {
    const [first] = pools;
    const running = [...this.#attempts.all]
      .filter(({ pool }) => pool.load === first.load)
      .map((attempt) => ({
        ...attempt,
        leftMs: meanResidualLifeMs(attempt.estimate, nowMs - attempt.startedAtMs),
      }))
      .sort((a, b) => a.leftMs - b.leftMs);
    const released: Attempt[] = [];
    let drainMs = 0;
    while (!pools.some((pool) => fits(pool, group))) {
      const next = running[released.length];
      drainMs = next?.leftMs ?? Number.POSITIVE_INFINITY;
      if (next === undefined) break;
      this.#fleet.release(next.slots, next.claim);
      released.push(next);
    }
    for (const { slots, claim } of released) this.#fleet.allocate(slots, claim);
    return drainMs + this.#durationMs(group, first);
  }

  /** An allocation anywhere, if the head would end there no later than on its target. */
  #allocationNow({ group, endMs }: Target): Allocation | undefined {
    const [best] = [...group.claimByPool.keys()]
      .flatMap((pool) => allocationOn(pool, group) ?? [])
      .map((allocation) => ({ allocation, durationMs: this.#durationMs(group, allocation.pool) }))
      .sort((a, b) => a.durationMs - b.durationMs);
    return best && best.durationMs <= endMs ? best.allocation : undefined;
  }

  #durationMs({ head }: BacklogGroup, { deviceKind }: FleetPool): number {
    return this.#estimates.estimateOf(head.suite, deviceKind).durationMs;
  }

  /** With the slot that was booked before if it is free, otherwise with any free slot of the target. */
  #bookable({ group, pools }: Target): Allocation | undefined {
    const before = this.#allocation?.slots[0]?.id;
    const free = pools.flatMap((pool) => pool.freeSlots.map(({ id, slot }) => ({ pool, id, slot })));
    const chosen = free.find(({ id }) => id === before) ?? free[0];
    return chosen && partialAllocation(chosen.pool, group, chosen.slot);
  }
}

function isOverdue(group: BacklogGroup): boolean {
  return (
    group.bypassCount >= tuning.bypassesBeforeReservation && group.size > 0 && group.claimByPool.size > 0
  );
}

function candidatesOf(group: BacklogGroup): readonly Candidate[] {
  const candidates = new Map<string, [FleetPool, ...FleetPool[]]>();
  for (const pool of group.claimByPool.keys()) {
    const key = JSON.stringify([pool.anySlot.machine.name, pool.deviceKind]);
    const pools = candidates.get(key);
    if (pools) pools.push(pool);
    else candidates.set(key, [pool]);
  }
  return [...candidates.values()].map((pools) => ({ group, pools }));
}

/** True when every pending suite fits on the machine as long as one of its slots is free. */
function fitsAnything({ load, anySlot }: FleetPool, peak: PeakDemand): boolean {
  return (
    peak.isPlain &&
    load.exclusiveSuites === 0 &&
    load.hotDevices.size === 0 &&
    load.turns.size === 0 &&
    load.suites < anySlot.machineWorkers &&
    load.cpuThreads + peak.cpuThreads <= anySlot.machineCpuThreads &&
    load.hostMemoryBytes + peak.hostMemoryBytes <= anySlot.machine.memoryBudgetBytes
  );
}
