import { upperQuantileMs } from '../estimate/residual-life.js';
import type { ClusterView, PendingGroup, PendingSuite, SlotType } from '../scheduler/strategy.js';

interface WaitingSuite {
  readonly group: PendingGroup;
  readonly pending: PendingSuite;
  /** Ms where it is fastest. */
  readonly leastMs: number;
}

/** The suites of one group. */
interface Line {
  /** As they were when the order was found: a group that is empty has none. */
  readonly types: readonly SlotType[];
  /** Positions in the order. */
  readonly suites: number[];
  /** How many in front have started. */
  started: number;
}

/**
 * What waits, in the order in which it should start: by priority and age, then what could hold up the run the most, so that
 * the end is left to short suites. The order is found anew when suites or slots come or go.
 */
export class LongestFirst {
  readonly #keepOrder: boolean;
  #changes = -1;
  #order: readonly WaitingSuite[] = [];
  /** By position: itself, or of a suite that has started, where to look on. */
  #onward = new Int32Array();
  #lines = new Map<PendingGroup, Line>();
  /** By type, and by how many types can run a suite: ms of such suites for each slot. */
  #claimedMs = new Map<SlotType, number[]>();

  /** @param keepOrder Suites of equal priority start in the order in which they were queued. */
  constructor(keepOrder = false) {
    this.#keepOrder = keepOrder;
  }

  /**
   * The first ones, and behind them the first of other groups that could run on what is free: what those in front wait for
   * may not be what these need.
   * @param count How many there are of both at most.
   */
  *first(view: ClusterView, count: number): Iterable<WaitingSuite> {
    if (view.changes !== this.#changes) this.#renew(view);
    const seen = new Set<PendingGroup>();
    let at = this.#pendingFrom(0, view);
    for (let given = 0; given < count && at < this.#order.length; given++) {
      const waiting = this.#order[at] as WaitingSuite;
      seen.add(waiting.group);
      yield waiting;
      at = this.#pendingFrom(at + 1, view);
    }
    let others = 0;
    for (const { candidates } of view.freeTypes) {
      for (const group of candidates) {
        if (seen.has(group)) continue;
        if (others++ === count) return;
        seen.add(group);
        const head = this.#headOf(group, view);
        if (head !== undefined) yield head;
      }
    }
  }

  /**
   * How long each slot of the type is busy with what fewer types can run than can run the group: who has a choice comes
   * behind. Ms.
   */
  pickierMs({ slotTypes }: PendingGroup, type: SlotType): number {
    const claimedMs = this.#claimedMs.get(type) ?? [];
    let sum = 0;
    for (let choice = 1; choice < slotTypes.size; choice++) sum += claimedMs[choice] ?? 0;
    return sum;
  }

  #pendingFrom(start: number, view: ClusterView): number {
    let at = start;
    while (at < this.#order.length && this.#hasStarted(at, view)) at = this.#onward[at] as number;
    for (let passed = start; passed < at; ) {
      const next = this.#onward[passed] as number;
      this.#onward[passed] = at;
      passed = next;
    }
    return at;
  }

  #headOf(group: PendingGroup, view: ClusterView): WaitingSuite | undefined {
    const line = this.#lines.get(group);
    if (line === undefined) return undefined;
    while (line.started < line.suites.length) {
      const at = line.suites[line.started] as number;
      if (!this.#hasStarted(at, view)) return this.#order[at];
      line.started++;
    }
    return undefined;
  }

  #hasStarted(at: number, view: ClusterView): boolean {
    if (this.#onward[at] !== at) return true;
    const { group, pending, leastMs } = this.#order[at] as WaitingSuite;
    if (view.isPending(pending.suite.id)) return false;
    this.#onward[at] = at + 1;
    this.#claim(this.#lines.get(group) as Line, -leastMs);
    return true;
  }

  #renew(view: ClusterView): void {
    this.#changes = view.changes;
    this.#order = orderOf(view, this.#keepOrder);
    this.#onward = Int32Array.from(this.#order.keys());
    this.#lines = new Map();
    this.#claimedMs = new Map(view.types.map((type) => [type, []]));
    this.#order.forEach(({ group, leastMs }, at) => {
      const line = this.#lines.get(group) ?? { types: [...group.slotTypes.keys()], suites: [], started: 0 };
      this.#lines.set(group, line);
      line.suites.push(at);
      this.#claim(line, leastMs);
    });
  }

  #claim({ types }: Line, ms: number): void {
    let slots = 0;
    for (const type of types) slots += type.slots;
    for (const type of types) {
      const claimedMs = this.#claimedMs.get(type) ?? [];
      claimedMs[types.length] = (claimedMs[types.length] ?? 0) + ms / slots;
    }
  }
}

function orderOf({ groups, estimate }: ClusterView, keepOrder: boolean): readonly WaitingSuite[] {
  const waiting: (WaitingSuite & { readonly urgency: number })[] = [];
  for (const group of groups) {
    const types = [...group.slotTypes.keys()];
    for (const pending of group.suites) {
      const estimates = types.map((type) => estimate(pending.suite, type));
      const leastMs = Math.min(...estimates.map(({ durationMs }) => durationMs));
      const urgency = keepOrder ? 0 : Math.min(...estimates.map(upperQuantileMs));
      waiting.push({ group, pending, leastMs, urgency });
    }
  }
  return waiting.sort(
    (a, b) =>
      a.pending.turn.due - b.pending.turn.due ||
      b.urgency - a.urgency ||
      a.pending.turn.sequence - b.pending.turn.sequence,
  );
}
