/** Longest processing time first (LPT, Graham 1969), within equal virtual deadlines. */

import { upperQuantileMs } from '../estimate/residual-life.js';
import type { ClusterView, PendingSuite, SlotPool, SuiteGroup } from '../scheduler/strategy.js';

interface OrderedSuite {
  readonly group: SuiteGroup;
  readonly pending: PendingSuite;
  /** Ms on the pool where it is fastest. */
  readonly leastMs: number;
}

/** The suites of one group in the order. */
interface GroupQueue {
  /** As of when the order was made, because a group that has become empty has none. */
  readonly pools: readonly SlotPool[];
  /** Positions in the order. */
  readonly positions: number[];
  /** How many suites at the front have started. */
  started: number;
}

/**
 * Pending suites in the order in which they should start: by virtual deadline, then by a high quantile of their duration,
 * so that short suites are left for the end. The order is made anew when suites or slots come or go.
 */
export class LongestFirst {
  readonly #keepOrder: boolean;
  #changes = -1;
  #order: readonly OrderedSuite[] = [];
  /** By position: itself while the suite is pending, otherwise a later position at which to go on (path compression). */
  #onward = new Int32Array();
  #queues = new Map<SuiteGroup, GroupQueue>();
  /** By pool, then by the number of pools that can run a suite: ms of pending suites per slot of these pools. */
  #claimedMs = new Map<SlotPool, number[]>();

  /** @param keepOrder Suites of equal priority start in the order in which they were queued. */
  constructor(keepOrder = false) {
    this.#keepOrder = keepOrder;
  }

  /**
   * The first suites in the order, and then the first suites of other groups that could run on free slots: these may need
   * other resources than the first ones wait for.
   * @param count How many suites of each of the two sorts at most.
   */
  *firstPending(view: ClusterView, count: number): Iterable<OrderedSuite> {
    if (view.changes !== this.#changes) this.#makeOrder(view);
    const seen = new Set<SuiteGroup>();
    let position = this.#nextPending(0, view);
    for (let given = 0; given < count && position < this.#order.length; given++) {
      const suite = this.#order[position] as OrderedSuite;
      seen.add(suite.group);
      yield suite;
      position = this.#nextPending(position + 1, view);
    }
    let others = 0;
    for (const { eligibleGroups } of view.freePools) {
      for (const group of eligibleGroups) {
        if (seen.has(group)) continue;
        if (others++ === count) return;
        seen.add(group);
        const first = this.#firstOf(group, view);
        if (first !== undefined) yield first;
      }
    }
  }

  /**
   * How long pending suites that can run on fewer pools than the group keep each slot of the pool busy, ms. A suite with
   * more choice gives way to them.
   */
  claimedByChoosierMs({ claimByPool }: SuiteGroup, pool: SlotPool): number {
    const claimedMs = this.#claimedMs.get(pool) ?? [];
    let sum = 0;
    for (let choices = 1; choices < claimByPool.size; choices++) sum += claimedMs[choices] ?? 0;
    return sum;
  }

  #nextPending(start: number, view: ClusterView): number {
    let position = start;
    while (position < this.#order.length && this.#hasStarted(position, view)) {
      position = this.#onward[position] as number;
    }
    for (let passed = start; passed < position; ) {
      const next = this.#onward[passed] as number;
      this.#onward[passed] = position;
      passed = next;
    }
    return position;
  }

  #firstOf(group: SuiteGroup, view: ClusterView): OrderedSuite | undefined {
    const queue = this.#queues.get(group);
    if (queue === undefined) return undefined;
    while (queue.started < queue.positions.length) {
      const position = queue.positions[queue.started] as number;
      if (!this.#hasStarted(position, view)) return this.#order[position];
      queue.started++;
    }
    return undefined;
  }

  #hasStarted(position: number, view: ClusterView): boolean {
    if (this.#onward[position] !== position) return true;
    const { group, pending, leastMs } = this.#order[position] as OrderedSuite;
    if (view.isPending(pending.suite.id)) return false;
    this.#onward[position] = position + 1;
    this.#addClaimed(this.#queues.get(group) as GroupQueue, -leastMs);
    return true;
  }

  #makeOrder(view: ClusterView): void {
    this.#changes = view.changes;
    this.#order = orderOf(view, this.#keepOrder);
    this.#onward = Int32Array.from(this.#order.keys());
    this.#queues = new Map();
    this.#claimedMs = new Map(view.pools.map((pool) => [pool, []]));
    this.#order.forEach(({ group, leastMs }, position) => {
      const queue = this.#queues.get(group) ?? {
        pools: [...group.claimByPool.keys()],
        positions: [],
        started: 0,
      };
      this.#queues.set(group, queue);
      queue.positions.push(position);
      this.#addClaimed(queue, leastMs);
    });
  }

  #addClaimed({ pools }: GroupQueue, ms: number): void {
    let slots = 0;
    for (const { slotCount } of pools) slots += slotCount;
    for (const pool of pools) {
      const claimedMs = this.#claimedMs.get(pool) ?? [];
      claimedMs[pools.length] = (claimedMs[pools.length] ?? 0) + ms / slots;
    }
  }
}

function orderOf({ groups, estimate }: ClusterView, keepOrder: boolean): readonly OrderedSuite[] {
  const suites: (OrderedSuite & { readonly quantileMs: number })[] = [];
  for (const group of groups) {
    const pools = [...group.claimByPool.keys()];
    for (const pending of group.suites) {
      const estimates = pools.map((pool) => estimate(pending.suite, pool));
      const leastMs = Math.min(...estimates.map(({ durationMs }) => durationMs));
      const quantileMs = keepOrder ? 0 : Math.min(...estimates.map(upperQuantileMs));
      suites.push({ group, pending, leastMs, quantileMs });
    }
  }
  return suites.sort(
    (a, b) =>
      a.pending.turn.virtualDeadline - b.pending.turn.virtualDeadline ||
      b.quantileMs - a.quantileMs ||
      a.pending.turn.sequence - b.pending.turn.sequence,
  );
}
