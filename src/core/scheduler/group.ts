import type { Suite } from '../events.js';
import type { Claim } from '../machine/machine.js';
import type { Permit } from '../machine/permits.js';
import { bug } from '../vocabulary/bug.js';
import type { UnsatisfiablePolicy } from '../workload/profile.js';
import type { FleetType } from './fleet.js';
import type { PendingGroup, PendingSuite } from './strategy.js';
import { comesBefore } from './turn.js';

/** A suite that waits for its start. */
export interface Pending extends PendingSuite {
  /** Of the coming attempt. */
  readonly attempt: number;
  /** An attempt was lost: the next one has its machine for itself. */
  readonly alone: boolean;
  readonly queuedAtMs: number;
}

/** Pending suites with equal needs, claims, priority and policy, in their order. */
export class Group implements PendingGroup {
  readonly key: string;
  /** Equal for groups that ask the same of a slot type. */
  readonly requirements: string;
  readonly policy: UnsatisfiablePolicy;
  readonly priority: number;
  readonly alone: boolean;
  readonly slotTypes = new Map<FleetType, Claim>();
  /** True when no slot type meets the requirements and the policy allows others. */
  degraded = false;
  /** What the suites need of machines that are shared with other runs: one of these. Kept by the backlog. */
  permits: readonly Permit[] = [];
  /** How many later suites started on machines where the head found no room. */
  passes = 0;
  readonly #queue: Pending[] = [];
  readonly #gone = new Set<Pending>();
  #first = 0;

  constructor(key: string, { suite, alone }: Pending, policy: UnsatisfiablePolicy) {
    this.key = key;
    this.requirements = requirementsOf(suite);
    this.policy = policy;
    this.priority = suite.profile.priority;
    this.alone = alone;
  }

  get size(): number {
    return this.#queue.length - this.#first - this.#gone.size;
  }

  get head(): Pending {
    const head = this.#queue[this.#first];
    if (head === undefined) throw bug('An empty group was asked for its head.');
    return head;
  }

  get suites(): Iterable<Pending> {
    return this.#pending();
  }

  *#pending(): Iterable<Pending> {
    for (let index = this.#first; index < this.#queue.length; index++) {
      const pending = this.#queue[index];
      if (pending !== undefined && !this.#gone.has(pending)) yield pending;
    }
  }

  add(pending: Pending): void {
    const isLater = (other: Pending | undefined) =>
      other !== undefined && comesBefore(pending.turn, other.turn);
    let at = this.#queue.length;
    while (at > this.#first && isLater(this.#queue[at - 1])) at--;
    this.#queue.splice(at, 0, pending);
  }

  remove(pending: Pending): void {
    if (this.#queue[this.#first] === pending) this.passes = 0;
    this.#gone.add(pending);
    for (let head = this.#queue[this.#first]; head && this.#gone.delete(head); ) {
      head = this.#queue[++this.#first];
    }
    this.#dropPast();
  }

  /** A group that never runs dry would keep all that it ever held; half of the queue at a time costs nothing a suite. */
  #dropPast(): void {
    if (this.#first < 64 || this.#first * 2 < this.#queue.length) return;
    this.#queue.splice(0, this.#first);
    this.#first = 0;
  }
}

/**
 * Equal for pending suites that are decided alike.
 * @param hostMemoryBytes What the suite is believed to take.
 */
export function groupKey(pending: Pending, policy: UnsatisfiablePolicy, hostMemoryBytes: number): string {
  const { cpuThreads, locks, exclusive, priority } = pending.suite.profile;
  const claims = [cpuThreads, locks, exclusive, hostMemoryBytes, pending.alone];
  return JSON.stringify([requirementsOf(pending.suite), claims, priority, policy]);
}

/** Everything of a profile that filters compare with a device or a machine for ever. */
function requirementsOf({ profile, expectedMs = {} }: Suite): string {
  const { hardware, backends, features, precisions, minMemoryBytes, hostMemoryBytes } = profile;
  const device = [hardware, backends, features, precisions, profile.softwareAdapter === true];
  return JSON.stringify([device, minMemoryBytes, hostMemoryBytes, Object.keys(expectedMs).sort()]);
}
