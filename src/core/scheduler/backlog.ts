import type { Estimates } from '../estimate/estimate.js';
import type { Rejection } from '../events.js';
import type { Claim } from '../machine/machine.js';
import { type Permit, permitKey } from '../machine/permits.js';
import { bug } from '../vocabulary/bug.js';
import type { UnsatisfiablePolicy } from '../workload/profile.js';
import { permitsOf } from './allocation.js';
import { claimOf, deviceCountOf } from './claim.js';
import { missedRequirements, neverRejection } from './feasibility.js';
import type { FleetType, Verdict } from './fleet.js';
import { Group, groupKey, type Pending } from './group.js';

/** Of a slot type; above what any run of a project asks for. */
const mostVerdicts = 5000;

/** What pending suites take at most. */
export interface Demand {
  cpuThreads: number;
  hostMemoryBytes: number;
  /** One device each, none of its memory, no locks, none alone. */
  isPlain: boolean;
}

/**
 * All pending suites, grouped so that one look at a slot type decides for every suite of a group.
 * What depends on the slot types is worked out by `match` alone, once per group and type.
 */
export class Backlog {
  readonly #policy: UnsatisfiablePolicy;
  readonly #estimates: Estimates;
  readonly #groups = new Map<string, Group>();
  readonly #places = new Map<string, { readonly pending: Pending; readonly group: Group }>();
  readonly #unmatched = new Set<Group>();
  readonly #stranded = new Set<Group>();
  /** What pending suites need of machines that are shared with other runs, by key, and how many groups do. */
  readonly #permits = new Map<string, { readonly permit: Permit; groups: number }>();
  readonly #peak: Demand = { cpuThreads: 0, hostMemoryBytes: 0, isPlain: true };

  /** @param policy For suites that have none of their own. */
  constructor(policy: UnsatisfiablePolicy, estimates: Estimates) {
    this.#policy = policy;
    this.#estimates = estimates;
  }

  get size(): number {
    return this.#places.size;
  }

  /** May be gone through more than once, unlike what a map hands out. */
  readonly groups: Iterable<Group> = { [Symbol.iterator]: () => this.#groups.values() };

  /** Groups that no slot type can ever run, as of the last `match`. */
  get stranded(): ReadonlySet<Group> {
    return this.#stranded;
  }

  /** No pending suite takes more; what has started since may have. */
  get peak(): Readonly<Demand> {
    return this.#peak;
  }

  get permits(): readonly Permit[] {
    return [...this.#permits.values()].map(({ permit }) => permit);
  }

  groupOf(suiteId: string): Group | undefined {
    return this.#places.get(suiteId)?.group;
  }

  add(pending: Pending): void {
    const policy = pending.suite.profile.unsatisfiable ?? this.#policy;
    const key = groupKey(pending, policy, this.#estimates.hostMemoryOf(pending.suite));
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new Group(key, pending, policy);
      this.#groups.set(key, group);
      this.#unmatched.add(group);
    }
    group.add(pending);
    this.#places.set(pending.suite.id, { pending, group });
  }

  remove(suiteId: string): Pending {
    const place = this.#places.get(suiteId);
    if (place === undefined) throw bug(`${suiteId} is not pending.`);
    const { pending, group } = place;
    this.#places.delete(suiteId);
    group.remove(pending);
    if (group.size === 0) this.#forget(group);
    return pending;
  }

  /** Takes out every pending suite, in the order in which they were queued. */
  clear(): readonly Pending[] {
    const all = [...this.#places.values()].map(({ pending }) => pending);
    for (const { suite } of all) this.remove(suite.id);
    return all.sort((a, b) => a.turn.sequence - b.turn.sequence);
  }

  /** To be called when a slot type came or went. */
  rematch(): void {
    for (const group of this.#groups.values()) this.#unmatched.add(group);
  }

  /** Where a suite that is not pending could run, as a group of its own that nobody else sees. */
  placesOf(pending: Pending, types: Iterable<FleetType>): Group {
    const group = new Group('', pending, pending.suite.profile.unsatisfiable ?? this.#policy);
    group.add(pending);
    this.#findPlaces(group, types);
    return group;
  }

  /** Finds out where new groups, or all after `rematch`, can run some time. */
  match(types: Iterable<FleetType>): void {
    for (const group of this.#unmatched) {
      this.#detach(group);
      this.#findPlaces(group, types);
      for (const [type, claim] of group.slotTypes) {
        type.candidates.add(group);
        this.#raisePeak(group, type, claim);
      }
      if (group.slotTypes.size === 0) this.#stranded.add(group);
      this.#addPermits(group);
    }
    this.#unmatched.clear();
  }

  #findPlaces(group: Group, types: Iterable<FleetType>): void {
    let matching = matchingTypes(group, types);
    group.degraded = matching.length === 0 && group.policy.action === 'degrade';
    if (group.degraded) matching = leastMissing([...types], group);
    const { suite } = group.head;
    for (const type of matching) {
      const claim = claimOf(suite, type.slot, this.#estimates.estimateOf(suite, type.kind));
      group.slotTypes.set(type, group.alone ? { ...claim, exclusive: true } : claim);
    }
  }

  #addPermits(group: Group): void {
    group.permits = permitsOf(group);
    for (const permit of group.permits) {
      const key = permitKey(permit);
      const known = this.#permits.get(key);
      if (known === undefined) this.#permits.set(key, { permit, groups: 1 });
      else known.groups++;
    }
  }

  #raisePeak({ head }: Group, { device }: FleetType, claim: Claim): void {
    const peak = this.#peak;
    peak.cpuThreads = Math.max(peak.cpuThreads, claim.cpuThreads);
    peak.hostMemoryBytes = Math.max(peak.hostMemoryBytes, claim.hostMemoryBytes);
    peak.isPlain &&=
      claim.deviceMemoryBytes === 0 &&
      claim.locks.length === 0 &&
      !claim.exclusive &&
      deviceCountOf(head.suite.profile, device.class) === 1;
  }

  #forget(group: Group): void {
    this.#detach(group);
    this.#groups.delete(group.key);
    this.#unmatched.delete(group);
  }

  #detach(group: Group): void {
    for (const type of group.slotTypes.keys()) type.candidates.delete(group);
    group.slotTypes.clear();
    for (const permit of group.permits) {
      const key = permitKey(permit);
      const known = this.#permits.get(key);
      if (known !== undefined && --known.groups === 0) this.#permits.delete(key);
    }
    group.permits = [];
    this.#stranded.delete(group);
  }
}

/** Where the group's suites can run some time, each type on a machine with as many such devices as they take at once. */
function matchingTypes(group: Group, types: Iterable<FleetType>): FleetType[] {
  const meeting = [...types].filter((type) => verdict(type, group, false).rejection === undefined);
  return meeting.filter((type) => tooFewDevices(group, type, meeting) === undefined);
}

function tooFewDevices(
  group: Group,
  { name, slot, device, siblings }: FleetType,
  meeting: readonly FleetType[],
): Rejection | undefined {
  const count = deviceCountOf(group.head.suite.profile, device.class);
  if (count === 1) return undefined;
  const alike = meeting.filter((type) => siblings.has(type) && type.device.class === device.class).length;
  if (alike >= count) return undefined;
  const reason = `needs ${count} ${device.class} at once: ${slot.machine.name} has ${alike} that will do`;
  return { slotId: name, filter: 'device-count', reason, until: 'never' };
}

/** Why a stranded group cannot run: one rejection for each slot type. */
export function rejectionsOf(group: Group, types: Iterable<FleetType>): readonly Rejection[] {
  const degraded = group.policy.action === 'degrade';
  const meeting = [...types].filter((type) => verdict(type, group, degraded).rejection === undefined);
  const rejections = [...types].flatMap(
    (type) => verdict(type, group, degraded).rejection ?? tooFewDevices(group, type, meeting) ?? [],
  );
  if (rejections.length > 0) return rejections;
  const { hardware } = group.head.suite.profile;
  const reason = `needs ${hardware.map((alternative) => alternative.class).join(' or ')}: the run has no slots`;
  return [{ slotId: 'none', filter: 'no-slots', reason, until: 'never' }];
}

/** What is outside the list anyway should at least be as near to it as there is. */
function leastMissing(types: readonly FleetType[], group: Group): FleetType[] {
  const possible = types
    .map((type) => ({ type, ...verdict(type, group, true) }))
    .filter(({ rejection }) => rejection === undefined);
  const fewest = Math.min(...possible.map(({ missed }) => missed));
  return possible.filter(({ missed }) => missed === fewest).map(({ type }) => type);
}

function verdict(type: FleetType, group: Group, degraded: boolean): Verdict {
  const key = `${degraded ? 'degraded' : 'met'} ${group.requirements}`;
  let known = type.verdicts.get(key);
  if (known === undefined) {
    const rejection = neverRejection(group.head.suite, type.slot, degraded);
    known = {
      ...(rejection && { rejection }),
      missed: degraded ? missedRequirements(group.head.suite, type.slot) : 0,
    };
    // Needs without end come only to a scheduler that stays open: what is forgotten is found out again.
    if (type.verdicts.size >= mostVerdicts) type.verdicts.clear();
    type.verdicts.set(key, known);
  }
  return known;
}
