import type { Placement, RunEvent, Suite } from '../../src/core/events.js';
import type { Slot } from '../../src/core/machine.js';

interface Running {
  readonly suite: Suite;
  readonly slot: Slot;
  readonly placement: Placement;
  readonly attempt: number;
}

/**
 * Watches a run from outside and throws on the first thing that no run may do. Knows the rules on its own: it uses
 * nothing of the scheduler but its events.
 */
export class Referee {
  readonly #slots = new Map<string, Slot>();
  readonly #suites = new Map<string, Suite>();
  readonly #attempts = new Map<string, number>();
  readonly #ends = new Map<string, string>();
  readonly #running = new Map<string, Running>();
  #ended = false;
  #cancelled = false;

  get running(): readonly Running[] {
    return [...this.#running.values()];
  }

  /** Queued, not running and without an end. */
  get pending(): readonly Suite[] {
    const running = new Set(this.running.map(({ suite }) => suite.id));
    return [...this.#suites.values()].filter(({ id }) => !this.#ends.has(id) && !running.has(id));
  }

  get freeSlots(): readonly Slot[] {
    return [...this.#slots.values()].filter(({ id }) => !this.#running.has(id));
  }

  /** How every suite ended. */
  get ends(): ReadonlyMap<string, string> {
    return this.#ends;
  }

  watch(event: RunEvent): void {
    const late = ['slot-up', 'slot-down', 'tick', 'run-cancelled'].includes(event.type);
    this.#expect(!this.#ended || late, `${event.type} after the end`);
    switch (event.type) {
      case 'slot-up':
        this.#slots.set(event.slot.id, event.slot);
        break;
      case 'slot-down':
        this.#slots.delete(event.slotId);
        break;
      case 'suite-queued':
        this.#suites.set(event.suite.id, event.suite);
        break;
      case 'run-cancelled':
        this.#cancelled = true;
        break;
      case 'suite-started':
        this.#start(event.placement, event.attempt);
        break;
      case 'suite-ended':
        this.#expect(
          this.#running.get(event.slotId)?.suite.id === event.suiteId,
          `${event.suiteId} ended twice`,
        );
        this.#running.delete(event.slotId);
        this.#end(event.suiteId, event.status);
        break;
      case 'suite-requeued':
        this.#expect(this.#ends.get(event.suiteId) === 'lost', `${event.suiteId} requeued but not lost`);
        this.#expect(
          event.attempt === 2 && this.#attempts.get(event.suiteId) === 1,
          `${event.suiteId} requeued twice`,
        );
        this.#ends.delete(event.suiteId);
        break;
      case 'suite-unplaceable':
        this.#expect(event.rejections.length > 0, `${event.suiteId} refused without a reason`);
        this.#end(event.suiteId, event.action);
        break;
      case 'suite-not-started':
        this.#end(event.suiteId, 'not started');
        break;
      case 'run-ended':
        this.#expect(this.#ends.size === this.#suites.size, 'the run ended before its suites');
        this.#ended = true;
    }
  }

  /** Whether the suite may start on the slot now, by the rules of the issue. */
  mayStart({ profile }: Suite, slot: Slot, again: boolean): boolean {
    const { device, machine } = slot;
    const onCpu = device.class === 'cpu';
    const meets =
      profile.hardware.some((way) => way.class === device.class && way.count === 1) &&
      !device.software &&
      profile.backends.every((backend) => device.backends.includes(backend)) &&
      (profile.precisions.length === 0 || profile.precisions.some((one) => device.precisions.includes(one)));
    const deviceBytes = device.memoryBytes ?? (onCpu ? machine.memoryBudgetBytes : 0);
    if (!meets || profile.minMemoryBytes > deviceBytes) return false;
    const hostBytes = profile.hostMemoryBytes ?? (onCpu ? profile.minMemoryBytes : 0);
    if (hostBytes > machine.memoryBudgetBytes) return false;
    const here = this.running.filter((other) => other.slot.machine.name === machine.name);
    const onDevice = here.filter((other) => other.slot.device.id === device.id);
    const sum = (all: readonly Running[], of: (running: Running) => number) =>
      all.reduce((total, running) => total + of(running), 0);
    const threads = Math.min(profile.cpuThreads ?? 1, slot.machineCpuThreads);
    return (
      !this.#running.has(slot.id) &&
      here.length < slot.machineWorkers &&
      !here.some(({ placement }) => placement.claim.exclusive) &&
      !((profile.exclusive || again) && here.length > 0) &&
      !profile.locks.some((lock) => this.running.some(({ suite }) => suite.profile.locks.includes(lock))) &&
      sum(here, ({ placement }) => placement.claim.cpuThreads) + threads <= slot.machineCpuThreads &&
      sum(here, ({ placement }) => placement.claim.hostMemoryBytes) + hostBytes <=
        machine.memoryBudgetBytes &&
      (onCpu ||
        sum(onDevice, ({ suite }) => suite.profile.minMemoryBytes) + profile.minMemoryBytes <= deviceBytes ||
        profile.minMemoryBytes === 0)
    );
  }

  isSecond(suiteId: string): boolean {
    return this.#attempts.get(suiteId) === 1;
  }

  #start(placement: Placement, attempt: number): void {
    const { suiteId, slotId, degraded } = placement;
    const suite = this.#suites.get(suiteId);
    const slot = this.#slots.get(slotId);
    const what = `${suiteId} on ${slotId}`;
    if (suite === undefined || slot === undefined) throw new Error(`${what}: no such suite or slot`);
    this.#expect(!this.#cancelled, `${what} started after the run was cancelled`);
    this.#expect(!this.#ends.has(suiteId), `${what} started after its end`);
    this.#expect(attempt === (this.#attempts.get(suiteId) ?? 0) + 1, `${what} as attempt ${attempt}`);
    const bare = {
      ...suite.profile,
      hardware: [{ class: slot.device.class, count: 1 }],
      backends: [],
      precisions: [],
    };
    const rules = degraded ? { ...suite, profile: bare } : suite;
    const place = degraded ? { ...slot, device: { ...slot.device, software: false } } : slot;
    this.#expect(!degraded || suite.profile.unsatisfiable?.action === 'degrade', `${what} degraded unasked`);
    this.#expect(this.mayStart(rules, place, attempt > 1), `${what} breaks a rule`);
    this.#attempts.set(suiteId, attempt);
    this.#running.set(slotId, { suite, slot, placement, attempt });
    const claims = this.running.filter((other) => other.slot.machine.name === slot.machine.name);
    const claimed = claims.reduce((sum, other) => sum + other.placement.claim.hostMemoryBytes, 0);
    this.#expect(claimed <= slot.machine.memoryBudgetBytes, `${what} claims more memory than there is`);
  }

  #end(suiteId: string, how: string): void {
    this.#expect(this.#suites.has(suiteId), `${suiteId} ended but was not queued`);
    this.#expect(!this.#ends.has(suiteId), `${suiteId} has two ends`);
    this.#ends.set(suiteId, how);
  }

  #expect(holds: boolean, otherwise: string): void {
    if (!holds) throw new Error(`Referee: ${otherwise}.`);
  }
}
