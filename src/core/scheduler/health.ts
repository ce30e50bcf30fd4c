import type { SuiteEnded } from '../events.js';
import { type Attempt, firstSlotOf } from './attempts.js';
import { isAccelerator } from './recovery.js';
import type { RunState } from './run-state.js';

const tuning = {
  /** Suites that a device must fail by an error, with none that passed there in between. A policy: one may be wrong itself. */
  suitesStruck: 2,
  /** Failures of the infrastructure in a row for which a machine is set aside. A policy. */
  failuresInARow: 3,
} as const;

/** Counts what devices and machines do to suites, and sets aside those that go on failing. */
export class Health {
  /** Suites that a device failed by an error, by slot pool. */
  readonly #struck = new Map<string, Set<string>>();
  /** Failures of a machine since the last result there. */
  readonly #failures = new Map<string, string[]>();

  /** To be called with every end of an attempt that counts, before it is decided what becomes of the suite. */
  note(attempt: Attempt, ended: SuiteEnded, state: RunState): void {
    this.#noteDevice(attempt, ended, state);
    this.#noteMachine(attempt, ended, state);
  }

  #noteDevice({ pool, slots, pending }: Attempt, { status, deviceFault }: SuiteEnded, state: RunState): void {
    // Of several devices nobody knows which one it was.
    if (!isAccelerator(pool) || slots.length > 1) return;
    if (status === 'passed') this.#struck.delete(pool.name);
    if (deviceFault === undefined || pool.setAside !== undefined) return;
    const { kind, evidence } = deviceFault;
    if (kind !== 'gone' && kind !== 'error') return;
    const { id } = pending.suite;
    if ((pending.trail?.notOn.length ?? 0) > 0) {
      // The second device that fails the same suite: the suite is to blame, and neither device.
      for (const suites of this.#struck.values()) suites.delete(id);
      return;
    }
    const struck = this.#struck.get(pool.name) ?? new Set();
    this.#struck.set(pool.name, struck.add(id));
    if (kind === 'error' && struck.size < tuning.suitesStruck) return;
    const what = kind === 'gone' ? 'is gone' : `failed ${struck.size} suites by errors`;
    setAside(pool.anySlot.machine.name, pool.device.id, `${what}: ${evidence}`, state);
  }

  #noteMachine(attempt: Attempt, ended: SuiteEnded, state: RunState): void {
    const { status, cause, infrastructure, deviceFault } = ended;
    const { machine } = firstSlotOf(attempt);
    const fullDisk = deviceFault?.kind === 'full-disk' ? deviceFault.evidence : undefined;
    if (status !== 'lost' && status !== 'cancelled' && fullDisk === undefined)
      this.#failures.delete(machine.name);
    if (infrastructure !== true && fullDisk === undefined) return;
    const failures = [...(this.#failures.get(machine.name) ?? []), fullDisk ?? cause ?? 'no result'];
    this.#failures.set(machine.name, failures);
    if (failures.length < tuning.failuresInARow || !hasOther(machine.name, state)) return;
    this.#failures.delete(machine.name);
    setAside(
      machine.name,
      undefined,
      `failed ${failures.length} suites in a row: ${failures.join('; ')}`,
      state,
    );
  }
}

function setAside(machine: string, deviceId: string | undefined, reason: string, state: RunState): void {
  state.decide({ type: 'set-aside', machine, ...(deviceId !== undefined && { deviceId }), reason });
  state.setAside(machine, deviceId, reason);
}

/** The last machine is never set aside: that would fail what it may still run. */
function hasOther(machine: string, { fleet }: RunState): boolean {
  return fleet.pools.some(
    ({ anySlot, setAside: isSetAside }) => anySlot.machine.name !== machine && isSetAside === undefined,
  );
}
