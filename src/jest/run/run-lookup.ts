import type { Test } from '@jest/test-result';
import type { Placement } from '../../core/events.js';
import { type Device, type Machine, type Slot, slotsOf } from '../../core/machine/machine.js';
import { bug } from '../../core/vocabulary/bug.js';
import type { WorkloadProfile } from '../../core/workload/profile.js';
import { isPlain, poolThreadsOf } from '../../execute/local.js';
import type { PreparedSuite } from '../suites.js';
import { placementText } from './placement-text.js';

/** What the ids of a run's events stand for, as far as the run has come to know it. */
export class RunLookup {
  #machine: Machine;
  #tests: ReadonlyMap<string, Test> = new Map();
  #profiles: ReadonlyMap<string, WorkloadProfile> = new Map();
  #slots: ReadonlyMap<string, Slot> = new Map();

  /** @param machine As detected without starting anything that takes seconds. */
  constructor(machine: Machine) {
    this.#machine = machine;
  }

  get machine(): Machine {
    return this.#machine;
  }

  /** Of suites whose docblocks have no mistakes. */
  get profiles(): readonly WorkloadProfile[] {
    return [...this.#profiles.values()];
  }

  get slots(): readonly Slot[] {
    return [...this.#slots.values()];
  }

  takeSuites(prepared: readonly PreparedSuite[]): void {
    this.#tests = new Map(prepared.map(({ id, test }) => [id, test]));
    this.#profiles = new Map(
      prepared.flatMap((each) => ('suite' in each ? [[each.id, each.suite.profile]] : [])),
    );
  }

  /** @param workers How many suites may run at once. @param more See {@link slotsOf}. */
  takeMachine(machine: Machine, workers: number, more: number): void {
    this.#machine = machine;
    this.#slots = new Map(slotsOf(machine, workers, more).map((slot) => [slot.id, slot]));
  }

  test(suiteId: string): Test {
    return known(this.#tests.get(suiteId), suiteId);
  }

  profileOf({ suiteId }: Placement): WorkloadProfile {
    return known(this.#profiles.get(suiteId), suiteId);
  }

  /** Whether it could run in any process. */
  isPlain(placement: Placement): boolean {
    return isPlain(placement, this.profileOf(placement), this.#machine);
  }

  /** @param fairThreads See `LocalExecutorOptions`. */
  placementText(placement: Placement, attempt: number, fairThreads: number): string {
    const profile = this.profileOf(placement);
    const threads = poolThreadsOf(profile, placement.claim.cpuThreads, fairThreads);
    return placementText(placement, this.#devicesOf(placement), profile, threads, attempt);
  }

  #devicesOf({ slotId, partnerSlotIds = [] }: Placement): readonly [Device, ...Device[]] {
    const deviceOf = (id: string) => known(this.#slots.get(id), id).device;
    return [deviceOf(slotId), ...partnerSlotIds.map(deviceOf)];
  }
}

function known<Value>(value: Value | undefined, id: string): Value {
  if (value === undefined) throw bug(`The run does not know ${id}.`);
  return value;
}
