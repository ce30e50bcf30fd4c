import type { Suite } from '../events.js';
import type { Claim } from '../machine/machine.js';
import type { Permit } from '../machine/permits.js';
import { bug } from '../vocabulary/bug.js';
import type { UnsatisfiablePolicy, WorkloadProfile } from '../workload/profile.js';
import { deviceCountOf } from './claim.js';
import type { FleetPool } from './fleet.js';
import type { Trail } from './recovery.js';
import type { PendingSuite, SuiteGroup } from './strategy.js';
import { comesBefore } from './turn.js';

/** A suite that waits for its start. */
export interface PendingAttempt extends PendingSuite {
  /** Number of the coming attempt. */
  readonly attempt: number;
  /** True after an attempt was lost: the next one has its machine for itself. */
  readonly alone: boolean;
  /** Name of the machine on which the last attempt was lost; it gets the next one only where no other machine can run it. */
  readonly lostOn?: string;
  /** Left out for a suite that no attempt was lost of, or ended by its device. */
  readonly trail?: Trail;
  readonly queuedAtMs: number;
}

/** Pending suites with equal needs, claims, priority and policy, in their order. */
export class BacklogGroup implements SuiteGroup {
  readonly key: string;
  /** Equal for groups that ask the same of a slot pool. */
  readonly requirements: string;
  readonly policy: UnsatisfiablePolicy;
  readonly priority: number;
  readonly alone: boolean;
  readonly claimByPool = new Map<FleetPool, Claim>();
  /** True when no slot pool meets the requirements and the policy allows others. */
  degraded = false;
  /** What the suites need of machines that are shared with other runs; any one of them will do. Kept by the backlog. */
  permits: readonly Permit[] = [];
  /** How many later suites started on machines where the head had to wait. */
  bypassCount = 0;
  readonly #queue: PendingAttempt[] = [];
  readonly #removed = new Set<PendingAttempt>();
  #headIndex = 0;

  constructor(key: string, { suite, alone }: PendingAttempt, policy: UnsatisfiablePolicy) {
    this.key = key;
    this.requirements = requirementsOf(suite);
    this.policy = policy;
    this.priority = suite.profile.priority;
    this.alone = alone;
  }

  get size(): number {
    return this.#queue.length - this.#headIndex - this.#removed.size;
  }

  get head(): PendingAttempt {
    const head = this.#queue[this.#headIndex];
    if (head === undefined) throw bug('An empty group was asked for its head.');
    return head;
  }

  get suites(): Iterable<PendingAttempt> {
    return this.#pending();
  }

  *#pending(): Iterable<PendingAttempt> {
    for (let index = this.#headIndex; index < this.#queue.length; index++) {
      const pending = this.#queue[index];
      if (pending !== undefined && !this.#removed.has(pending)) yield pending;
    }
  }

  /** How many devices each suite holds on the pool's machine. */
  deviceCountOn({ device }: FleetPool): number {
    return this.degraded ? 1 : deviceCountOf(this.head.suite.profile, device.class);
  }

  add(pending: PendingAttempt): void {
    const isLater = (other: PendingAttempt | undefined) =>
      other !== undefined && comesBefore(pending.turn, other.turn);
    let index = this.#queue.length;
    while (index > this.#headIndex && isLater(this.#queue[index - 1])) index--;
    this.#queue.splice(index, 0, pending);
  }

  remove(pending: PendingAttempt): void {
    if (this.#queue[this.#headIndex] === pending) this.bypassCount = 0;
    this.#removed.add(pending);
    for (let head = this.#queue[this.#headIndex]; head && this.#removed.delete(head); ) {
      head = this.#queue[++this.#headIndex];
    }
    this.#dropPast();
  }

  /** Without this, a group that never runs empty would keep all its past suites. Dropping half at a time is O(1) per suite. */
  #dropPast(): void {
    if (this.#headIndex < 64 || this.#headIndex * 2 < this.#queue.length) return;
    this.#queue.splice(0, this.#headIndex);
    this.#headIndex = 0;
  }
}

/**
 * Equal for pending suites that are decided alike.
 * @param hostMemoryBytes What the suite is expected to take.
 */
export function groupKey(
  pending: PendingAttempt,
  policy: UnsatisfiablePolicy,
  hostMemoryBytes: number,
): string {
  const { suite, alone, lostOn, trail } = pending;
  const after = [alone, lostOn, trail?.notOn, trail?.leastMemoryBytes];
  const others = fieldsOf('others').map((field) => askedOf(suite.profile, field));
  return JSON.stringify([requirementsOf(suite), others, hostMemoryBytes, after, policy]);
}

/** Everything that the feasibility filters read of a suite. */
function requirementsOf({ profile, expectedMs = {} }: Suite): string {
  const required = fieldsOf('requirements').map((field) => askedOf(profile, field));
  return JSON.stringify([required, Object.keys(expectedMs).sort()]);
}

type KeyPart = 'requirements' | 'others' | 'policy' | 'none';

/** Which part of a group's key tells a profile's field. One that is forgotten here does not compile. */
const keyParts = {
  hardware: 'requirements',
  backends: 'requirements',
  features: 'requirements',
  precisions: 'requirements',
  softwareAdapter: 'requirements',
  minMemoryBytes: 'requirements',
  hostMemoryBytes: 'requirements',
  cpuThreads: 'others',
  locks: 'others',
  exclusive: 'others',
  priority: 'others',
  unsatisfiable: 'policy',
  // These decide how well a device suits and how an attempt runs, not where suites may go.
  workload: 'none',
  operations: 'none',
  preferredMemoryBytes: 'none',
  batchSizes: 'none',
  optimalBatchSize: 'none',
  maxTimeMs: 'none',
  sensitivity: 'none',
} as const satisfies Record<keyof WorkloadProfile, KeyPart>;

const fieldsByPart = new Map<KeyPart, (keyof WorkloadProfile)[]>();
for (const [field, part] of Object.entries(keyParts)) {
  const fields = fieldsByPart.get(part) ?? [];
  fieldsByPart.set(part, [...fields, field as keyof WorkloadProfile]);
}

function fieldsOf(part: KeyPart): readonly (keyof WorkloadProfile)[] {
  return fieldsByPart.get(part) ?? [];
}

/** A field that is false asks for no more than one that is left out. */
function askedOf(profile: WorkloadProfile, field: keyof WorkloadProfile): unknown {
  return profile[field] === false ? undefined : profile[field];
}
