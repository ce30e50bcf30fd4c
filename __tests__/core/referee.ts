import type { Placement, RunEvent, Suite } from '../../src/core/events.js';
import type { Slot } from '../../src/core/machine/machine.js';

interface Running {
  readonly suite: Suite;
  readonly slot: Slot;
  /** All of them, the first included. */
  readonly slots: readonly Slot[];
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
  readonly #requeued = new Set<string>();
  /** Suites with the numbers of attempts that were asked back. */
  readonly #recalled = new Set<string>();
  /** Suites whose last attempt an accelerator or a full disk ended, or was taken back before it had started. */
  readonly #endedByOthers = new Set<string>();
  /** Machines, or `<machine>/<device>`, where nothing starts any more. */
  readonly #setAside = new Set<string>();
  readonly #ends = new Map<string, string>();
  readonly #running = new Map<string, Running>();
  readonly #ahead = new Set<string>();
  /** Slots of attempts that were told to stop. */
  readonly #stopped = new Set<string>();
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
    const busy = new Set(this.running.flatMap(({ slots }) => slots.map(({ id }) => id)));
    return [...this.#slots.values()].filter(({ id }) => !busy.has(id));
  }

  /** Whether the suite waits on the machine of a busy slot. */
  isSentAhead(suiteId: string): boolean {
    return this.#ahead.has(suiteId);
  }

  /** How every suite ended. */
  get ends(): ReadonlyMap<string, string> {
    return this.#ends;
  }

  watch(event: RunEvent): void {
    const late = ['slot-up', 'slot-down', 'tick', 'run-cancelled', 'link-measured'].includes(event.type);
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
      case 'set-aside':
        this.#setAside.add(
          event.deviceId === undefined ? event.machine : `${event.machine}/${event.deviceId}`,
        );
        break;
      case 'suite-started':
        this.#ahead.delete(event.placement.suiteId);
        this.#start(event.placement, event.attempt, event.speculative === true);
        break;
      case 'successor-named': {
        const { suiteId, slotId } = event.placement;
        this.#expect(this.#slots.get(slotId)?.leadMs !== undefined, `${suiteId} was sent ahead to ${slotId}`);
        this.#expect(this.#running.has(slotId), `${suiteId} was sent ahead to a free slot`);
        this.#expect(
          this.pending.some(({ id }) => id === suiteId) && !this.#ahead.has(suiteId),
          `${suiteId} was sent ahead and does not wait`,
        );
        this.#ahead.add(suiteId);
        break;
      }
      case 'successor-recalled':
        this.#expect(this.#ahead.has(event.suiteId), `${event.suiteId} was recalled and not sent ahead`);
        this.#recalled.add(`${event.suiteId} ${event.attempt}`);
        break;
      case 'successor-returned':
        this.#expect(this.#ahead.delete(event.suiteId), `${event.suiteId} was returned and not sent ahead`);
        break;
      case 'attempt-stopped':
        this.#expect(
          this.#running.get(event.slotId)?.suite.id === event.suiteId,
          'what does not run was stopped',
        );
        this.#expect(this.#ends.has(event.suiteId), `${event.suiteId} was stopped without a result`);
        this.#stopped.add(event.slotId);
        break;
      case 'suite-ended': {
        this.#expect(
          this.#running.get(event.slotId)?.suite.id === event.suiteId,
          `${event.suiteId} ended twice`,
        );
        this.#endedByOthers.delete(event.suiteId);
        const { notStarted = false, deviceFault } = event;
        const onCpu = this.#slots.get(event.slotId)?.device.class === 'cpu';
        const isByMachine = deviceFault !== undefined && (!onCpu || deviceFault.kind === 'full-disk');
        this.#expect(
          !notStarted || this.#recalled.has(`${event.suiteId} ${event.attempt}`),
          `${event.suiteId} was taken back and not recalled`,
        );
        if (isByMachine || notStarted) this.#endedByOthers.add(event.suiteId);
        this.#running.delete(event.slotId);
        if (this.#stopped.delete(event.slotId)) {
          this.#expect(event.status === 'cancelled', `${event.suiteId} was stopped and has a result`);
        } else if (
          (event.status !== 'lost' && !this.#endedByOthers.has(event.suiteId)) ||
          !this.#isRunning(event.suiteId)
        ) {
          this.#end(event.suiteId, event.status);
        }
        break;
      }
      case 'suite-requeued': {
        const isByOthers = this.#endedByOthers.has(event.suiteId);
        this.#expect(
          this.#ends.get(event.suiteId) === 'lost' || isByOthers,
          `${event.suiteId} requeued but not lost`,
        );
        this.#expect(
          event.attempt === 1 + (this.#attempts.get(event.suiteId) ?? 0) &&
            (isByOthers || !this.#requeued.has(event.suiteId)),
          `${event.suiteId} requeued twice`,
        );
        this.#expect(!this.#isRunning(event.suiteId), `${event.suiteId} requeued while it runs`);
        if (!isByOthers) this.#requeued.add(event.suiteId);
        this.#ends.delete(event.suiteId);
        break;
      }
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
      profile.hardware.some((way) => way.class === device.class) &&
      !device.software &&
      profile.backends.every((backend) => device.backends.includes(backend)) &&
      (profile.precisions.length === 0 || profile.precisions.some((one) => device.precisions.includes(one)));
    const deviceBytes = device.memoryBytes ?? (onCpu ? machine.memoryBudgetBytes : 0);
    if (!meets || profile.minMemoryBytes > deviceBytes) return false;
    if (this.#setAside.has(machine.name) || this.#setAside.has(slot.type)) return false;
    const hostBytes = profile.hostMemoryBytes ?? (onCpu ? profile.minMemoryBytes : 0);
    if (hostBytes > machine.memoryBudgetBytes) return false;
    const here = this.running.filter((other) => other.slot.machine.name === machine.name);
    const onDevice = here.filter(({ slots }) => slots.some((other) => other.device.id === device.id));
    const sum = (all: readonly Running[], of: (running: Running) => number) =>
      all.reduce((total, running) => total + of(running), 0);
    const threads = Math.min(profile.cpuThreads ?? 1, slot.machineCpuThreads);
    return (
      this.freeSlots.some(({ id }) => id === slot.id) &&
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

  /** Whether the suite may start now with the slot as its first: alone, or with further devices of the machine. */
  mayStartWithPartners(suite: Suite, slot: Slot, again: boolean): boolean {
    const count = devicesWanted(suite, slot);
    const devices = this.freeSlots
      .filter((other) => other.machine.name === slot.machine.name && other.device.class === slot.device.class)
      .filter((other) => this.mayStart(suite, other, again))
      .map(({ device }) => device.id);
    return this.mayStart(suite, slot, again) && new Set(devices).size >= count;
  }

  isRequeued(suiteId: string): boolean {
    return this.#requeued.has(suiteId);
  }

  #isRunning(suiteId: string): boolean {
    return this.running.some(({ suite }) => suite.id === suiteId);
  }

  #start(placement: Placement, attempt: number, speculative: boolean): void {
    const { suiteId, slotId, partnerSlotIds = [], degraded } = placement;
    const suite = this.#suites.get(suiteId);
    const slot = this.#slots.get(slotId);
    const what = `${suiteId} on ${slotId}`;
    if (suite === undefined || slot === undefined) throw new Error(`${what}: no such suite or slot`);
    this.#expect(!this.#cancelled, `${what} started after the run was cancelled`);
    this.#expect(!this.#ends.has(suiteId), `${what} started after its end`);
    this.#expect(attempt === (this.#attempts.get(suiteId) ?? 0) + 1, `${what} as attempt ${attempt}`);
    this.#expect(
      this.#isRunning(suiteId) === speculative,
      `${what} runs twice, or is a second attempt at nothing`,
    );
    this.#expect(
      !speculative || (suite.profile.locks.length === 0 && !suite.profile.exclusive),
      `${what} twice, though it keeps others out`,
    );
    const slots = [slotId, ...partnerSlotIds].flatMap((id) => this.#slots.get(id) ?? []);
    const deviceIds = slots.map(({ device }) => device.id);
    this.#expect(
      slots.length === (degraded ? 1 : devicesWanted(suite, slot)) &&
        new Set(deviceIds).size === slots.length &&
        slots.every(({ machine }) => machine.name === slot.machine.name),
      `${what} has not the devices it needs`,
    );
    this.#expect(
      JSON.stringify(placement.claim.deviceIds) === JSON.stringify(deviceIds),
      `${what} claims other devices than it holds`,
    );
    const bare = {
      ...suite.profile,
      hardware: [{ class: slot.device.class, count: 1 }],
      backends: [],
      precisions: [],
    };
    const rules = degraded ? { ...suite, profile: bare } : suite;
    const place = degraded ? { ...slot, device: { ...slot.device, software: false } } : slot;
    this.#expect(!degraded || suite.profile.unsatisfiable?.action === 'degrade', `${what} degraded unasked`);
    const again = this.#requeued.has(suiteId);
    for (const each of [place, ...slots.slice(1)]) {
      this.#expect(this.mayStart(rules, each, again), `${what} breaks a rule`);
    }
    this.#attempts.set(suiteId, attempt);
    this.#running.set(slotId, { suite, slot, slots, placement, attempt });
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

function devicesWanted({ profile }: Suite, { device }: Slot): number {
  const counts = profile.hardware.flatMap((way) => (way.class === device.class ? way.count : []));
  return counts.length === 0 ? 1 : Math.min(...counts);
}
