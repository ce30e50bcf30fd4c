import type { Estimates } from '../estimate/estimate.js';
import type { Claim } from '../machine/machine.js';
import { type Permit, permitKey } from '../machine/permits.js';
import { bug } from '../vocabulary/bug.js';
import type { UnsatisfiablePolicy } from '../workload/profile.js';
import { BacklogGroup, groupKey, type PendingAttempt } from './backlog-group.js';
import { claimOf, deviceCountOf } from './claim.js';
import type { FleetPool } from './fleet.js';
import { permitsOf } from './group-permits.js';
import { matchingPools } from './matching.js';
import { poolsAfter } from './recovery.js';

/** What the pending suites take at most, each figure over all of them. */
export interface PeakDemand {
  cpuThreads: number;
  hostMemoryBytes: number;
  /** Every suite takes one device, none of its memory, and no locks; none runs alone. */
  isPlain: boolean;
}

/**
 * All pending suites in groups of equal needs, so that a decision about a slot pool is made once for a whole group.
 * What depends on the pools is computed by `matchPools` alone, once per group and pool.
 */
export class Backlog {
  readonly #policy: UnsatisfiablePolicy;
  readonly #estimates: Estimates;
  readonly #groups = new Map<string, BacklogGroup>();
  readonly #entries = new Map<string, { readonly pending: PendingAttempt; readonly group: BacklogGroup }>();
  readonly #unmatched = new Set<BacklogGroup>();
  readonly #stranded = new Set<BacklogGroup>();
  /** What pending suites need of machines that are shared with other runs, by key, and how many groups need it. */
  readonly #permits = new Map<string, { readonly permit: Permit; groups: number }>();
  readonly #peak: PeakDemand = { cpuThreads: 0, hostMemoryBytes: 0, isPlain: true };

  /** @param policy For suites that have none of their own. */
  constructor(policy: UnsatisfiablePolicy, estimates: Estimates) {
    this.#policy = policy;
    this.#estimates = estimates;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** May be iterated more than once, unlike the iterator of a map. */
  readonly groups: Iterable<BacklogGroup> = { [Symbol.iterator]: () => this.#groups.values() };

  /** Groups that no slot pool can ever run, as of the last `matchPools`. */
  get stranded(): ReadonlySet<BacklogGroup> {
    return this.#stranded;
  }

  /** No pending suite takes more. It never falls, so suites that have started count as well. */
  get peak(): Readonly<PeakDemand> {
    return this.#peak;
  }

  get permits(): readonly Permit[] {
    return [...this.#permits.values()].map(({ permit }) => permit);
  }

  groupOf(suiteId: string): BacklogGroup | undefined {
    return this.#entries.get(suiteId)?.group;
  }

  add(pending: PendingAttempt): void {
    const policy = pending.suite.profile.unsatisfiable ?? this.#policy;
    const key = groupKey(pending, policy, this.#estimates.hostMemoryOf(pending.suite));
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new BacklogGroup(key, pending, policy);
      this.#groups.set(key, group);
      this.#unmatched.add(group);
    }
    group.add(pending);
    this.#entries.set(pending.suite.id, { pending, group });
  }

  remove(suiteId: string): PendingAttempt {
    const entry = this.#entries.get(suiteId);
    if (entry === undefined) throw bug(`${suiteId} is not pending.`);
    const { pending, group } = entry;
    this.#entries.delete(suiteId);
    group.remove(pending);
    if (group.size === 0) this.#removeGroup(group);
    return pending;
  }

  /** Removes every pending suite. @returns Them, in the order in which they were queued. */
  clear(): readonly PendingAttempt[] {
    const all = [...this.#entries.values()].map(({ pending }) => pending);
    for (const { suite } of all) this.remove(suite.id);
    return all.sort((a, b) => a.turn.sequence - b.turn.sequence);
  }

  /** To be called when a slot pool came or went: the next `matchPools` matches every group anew. */
  invalidateMatches(): void {
    for (const group of this.#groups.values()) this.#unmatched.add(group);
  }

  /** Finds the pools on which unmatched groups can run some time. */
  matchPools(pools: Iterable<FleetPool>): void {
    for (const group of this.#unmatched) {
      this.#detach(group);
      this.#match(group, pools);
      for (const [pool, claim] of group.claimByPool) {
        pool.eligibleGroups.add(group);
        this.#raisePeak(group, pool, claim);
      }
      if (group.claimByPool.size === 0) this.#stranded.add(group);
      this.#addPermits(group);
    }
    this.#unmatched.clear();
  }

  /** A suite that is not pending (a second attempt), matched as a group of its own that is not in the backlog. */
  matchedAlone(pending: PendingAttempt, pools: Iterable<FleetPool>): BacklogGroup {
    const group = new BacklogGroup('', pending, pending.suite.profile.unsatisfiable ?? this.#policy);
    group.add(pending);
    this.#match(group, pools);
    return group;
  }

  #match(group: BacklogGroup, all: Iterable<FleetPool>): void {
    const { pools, degraded } = matchingPools(group, all);
    group.degraded = degraded;
    const { suite } = group.head;
    for (const pool of poolsAfter(group, pools)) {
      const claim = claimOf(suite, pool.anySlot, this.#estimates.estimateOf(suite, pool.deviceKind));
      group.claimByPool.set(pool, group.alone ? { ...claim, exclusive: true } : claim);
    }
  }

  #addPermits(group: BacklogGroup): void {
    group.permits = permitsOf(group);
    for (const permit of group.permits) {
      const key = permitKey(permit);
      const known = this.#permits.get(key);
      if (known === undefined) this.#permits.set(key, { permit, groups: 1 });
      else known.groups++;
    }
  }

  #raisePeak({ head }: BacklogGroup, { device }: FleetPool, claim: Claim): void {
    const peak = this.#peak;
    peak.cpuThreads = Math.max(peak.cpuThreads, claim.cpuThreads);
    peak.hostMemoryBytes = Math.max(peak.hostMemoryBytes, claim.hostMemoryBytes);
    peak.isPlain &&=
      claim.deviceMemoryBytes === 0 &&
      claim.locks.length === 0 &&
      !claim.exclusive &&
      deviceCountOf(head.suite.profile, device.class) === 1;
  }

  #removeGroup(group: BacklogGroup): void {
    this.#detach(group);
    this.#groups.delete(group.key);
    this.#unmatched.delete(group);
  }

  /** Undoes `matchPools` for one group. */
  #detach(group: BacklogGroup): void {
    for (const pool of group.claimByPool.keys()) pool.eligibleGroups.delete(group);
    group.claimByPool.clear();
    for (const permit of group.permits) {
      const key = permitKey(permit);
      const known = this.#permits.get(key);
      if (known !== undefined && --known.groups === 0) this.#permits.delete(key);
    }
    group.permits = [];
    this.#stranded.delete(group);
  }
}
