import type { CancelCause, RunEvent, Suite } from '../events.js';
import { bug } from '../vocabulary/bug.js';
import { endAttempt, removeMachine, removeSlot } from './endings.js';
import { refuseTakenMemory } from './refusals.js';
import type { RunState } from './run-state.js';

const tuning = {
  /**
   * Ageing: a suite goes before those of the next higher priority that are queued after this many more starts. Not tuned, a
   * policy: about 256 later suites of priority 5 pass one of priority 1 (the contract tests allow 350).
   */
  startsPerPriority: 64,
} as const;

const highestPriority = 5;

/** Brings the state of the run up to date with what happened. */
export class Intake {
  readonly #state: RunState;
  #queued = 0;

  constructor(state: RunState) {
    this.#state = state;
  }

  /** @throws when the event contradicts earlier ones. */
  accept(event: RunEvent): void {
    const { fleet, backlog, machines } = this.#state;
    switch (event.type) {
      case 'machine-known':
        machines.set(event.machine.machine.name, event.machine);
        break;
      case 'machine-awaited':
        this.#state.awaited.add(event.machine);
        break;
      case 'machine-settled':
        this.#state.awaited.delete(event.machine);
        if (event.problem !== undefined) this.#state.absent.set(event.machine, event.problem);
        refuseTakenMemory(this.#state);
        break;
      case 'slot-up':
        this.#state.changes++;
        if (fleet.addSlot(event.slot)) backlog.invalidateMatches();
        break;
      case 'slot-down':
        this.#state.changes++;
        removeSlot(event.slotId, event.reason, this.#state);
        break;
      case 'set-aside':
        this.#state.setAside(event.machine, event.deviceId, event.reason);
        break;
      case 'machine-lost':
        this.#state.changes++;
        this.#state.absent.set(event.machine, event.reason);
        removeMachine(event.machine, event.reason, this.#state);
        fleet.forgetReadings(event.machine);
        break;
      case 'link-measured':
        this.#state.changes++;
        fleet.setLead(event.machine, event.leadMs);
        break;
      case 'device-heat':
        fleet.setHot(event.machine, event.deviceId, event.hot);
        break;
      case 'device-memory':
        fleet.setTakenByOthers(event.machine, event.deviceId, event.takenBytes, event.by);
        refuseTakenMemory(this.#state);
        break;
      case 'device-turns':
        this.#state.changes++;
        fleet.setTurns(event.machine, event.deviceId, event);
        break;
      case 'machine-shared':
        fleet.permitsOf(event.machine)?.share(event.deviceIds);
        backlog.invalidateMatches();
        break;
      case 'permit-awaited':
        fleet.permitsOf(event.machine)?.awaitTurn(event.permit, event.by, event.atMs);
        break;
      case 'permit-granted':
        fleet.permitsOf(event.machine)?.grant(event.permit, event.atMs);
        break;
      case 'permit-withdrawn':
        fleet.permitsOf(event.machine)?.withdraw(event.permit);
        break;
      case 'suite-queued':
        this.#state.changes++;
        this.#queue(event.suite);
        break;
      case 'run-opened':
        this.#state.opened = true;
        break;
      case 'suite-ended':
        endAttempt(event, this.#state);
        break;
      case 'successor-returned':
        this.#state.returnSuccessor(event.suiteId);
        break;
      case 'run-cancelled':
        this.#cancel(event.cause);
    }
  }

  #queue(suite: Suite): void {
    const { suiteIds, ended, cancelled, starts, nowMs, backlog, options } = this.#state;
    if (suiteIds.has(suite.id)) throw bug(`${suite.id} was queued twice.`);
    if (ended) throw bug(`${suite.id} was queued after the run had ended.`);
    const sequence = this.#queued++;
    suiteIds.add(suite.id);
    options.estimates.announce(suite);
    if (cancelled !== undefined) {
      this.#withdraw(suite.id, cancelled);
      return;
    }
    const allowance = (highestPriority - suite.profile.priority) * tuning.startsPerPriority;
    const virtualDeadline = starts + allowance - (suite.failedLast ? 1 : 0);
    backlog.add({
      suite,
      attempt: 1,
      alone: false,
      turn: { virtualDeadline, sequence },
      queuedAtMs: nowMs,
    });
  }

  #cancel(cause: CancelCause): void {
    this.#state.cancelled = cause;
    for (const { pending } of this.#state.successors.clear()) this.#withdraw(pending.suite.id, cause);
    for (const { suite } of this.#state.backlog.clear()) this.#withdraw(suite.id, cause);
  }

  #withdraw(suiteId: string, cause: CancelCause): void {
    this.#state.decide({ type: 'suite-not-started', suiteId, cause });
  }
}
