import { Estimates } from '../../src/core/estimate/estimate.js';
import type { RunEvent, Suite, SuiteEnded, SuiteStatus } from '../../src/core/events.js';
import type { Slot } from '../../src/core/machine/machine.js';
import type { SchedulerOptions } from '../../src/core/scheduler/options.js';
import { Scheduler } from '../../src/core/scheduler/scheduler.js';
import { pull } from '../../src/core/strategies/pull.js';

/** A scheduler that has been told of slots and suites, with the words to tell it more. */
export class Run {
  readonly scheduler: Scheduler;

  constructor(fleet: readonly Slot[], suites: readonly Suite[], options: Partial<SchedulerOptions> = {}) {
    const defaults = { strategy: pull, unsatisfiable: { action: 'fail' }, retryLost: true } as const;
    this.scheduler = new Scheduler({ ...defaults, estimates: new Estimates(), ...options });
    for (const slot of fleet) this.tell({ type: 'slot-up', slot, atMs: 0 });
    for (const each of suites) this.tell({ type: 'suite-queued', suite: each, atMs: 0 });
  }

  /** @returns What is decided, in short. */
  tell(event: RunEvent): readonly string[] {
    return this.scheduler.handle(event).map(inShort);
  }

  open(atMs = 0): readonly string[] {
    return this.tell({ type: 'run-opened', atMs });
  }

  end(
    suiteId: string,
    slotId: string,
    status: SuiteStatus = 'passed',
    attempt = 1,
    atMs = 5,
    more: Pick<SuiteEnded, 'deviceFault' | 'infrastructure' | 'cause' | 'lastOutput'> = {},
  ): readonly string[] {
    return this.tell({
      type: 'suite-ended',
      atMs,
      suiteId,
      slotId,
      status,
      attempt,
      degraded: false,
      durationMs: 5,
      ...more,
    });
  }
}

function inShort(event: RunEvent): string {
  switch (event.type) {
    case 'suite-started': {
      const { suiteId, slotId, partnerSlotIds = [], degraded, batchSize } = event.placement;
      return `${suiteId} on ${[slotId, ...partnerSlotIds].join(' and ')}${degraded ? ' degraded' : ''}${event.attempt > 1 ? ' again' : ''}${batchSize === undefined ? '' : ` with batch size ${batchSize}`}`;
    }
    case 'suite-unplaceable':
      return `${event.suiteId} ${event.action}: ${event.rejections.map(({ reason }) => reason).join('; ')}`;
    case 'suite-ended':
      return `${event.suiteId} ${event.status}: ${event.cause}`;
    case 'successor-named':
      return `${event.placement.suiteId} next on ${event.placement.slotId}`;
    case 'successor-recalled':
      return `${event.suiteId} recalled from ${event.slotId}`;
    case 'successor-returned':
      return `${event.suiteId} returned from ${event.slotId}`;
    case 'suite-requeued':
      return `${event.suiteId} requeued: ${event.cause}`;
    case 'suite-given-up':
      return `${event.suiteId} given up: ${event.cause}`;
    case 'set-aside':
      return `${event.deviceId === undefined ? event.machine : `${event.machine}/${event.deviceId}`} set aside: ${event.reason}`;
    case 'attempt-stopped':
      return `${event.suiteId} stopped on ${event.slotId}: ${event.cause}`;
    case 'suite-not-started':
      return `${event.suiteId} not started: ${event.cause}`;
    default:
      return event.type;
  }
}
