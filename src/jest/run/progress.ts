import type { RunEvent, Suite } from '../../core/events.js';
import type { Slot } from '../../core/machine/machine.js';
import { neverRejection } from '../../core/scheduler/feasibility.js';
import { printable } from '../../core/vocabulary/printable.js';
import { formatDuration } from '../../core/vocabulary/units.js';
import type { RunListener } from '../../execute/run.js';

/** The clock of a run's progress. */
export interface ProgressClock {
  /** Ms since any moment. */
  now(): number;
  /** Calls again and again, and keeps no process alive. @returns Stops it. */
  every(ms: number, call: () => void): () => void;
}

const realClock: ProgressClock = {
  now: () => performance.now(),
  every(ms, call) {
    const timer = setInterval(call, ms).unref();
    return () => clearInterval(timer);
  },
};

interface ProgressOptions {
  /** Writes a line. Jest's status lines stay below it, because Jest redraws them after whatever is written. */
  readonly say: (line: string) => void;
  /** A person watches: long suites are told sooner, and only when there is something new. Else a line a minute. */
  readonly isTerminal: boolean;
  readonly clock?: ProgressClock;
}

const tuning = {
  /** How long a suite runs before it is told, and how often lines are written, ms. CI services stop jobs that are silent for longer. */
  log: 60_000,
  terminal: 10_000,
  /** Suites start a moment after the run, and must not miss its first line for that, ms. */
  slack: 1000,
  /** More suites than these are counted. */
  suitesNamed: 3,
} as const;

/** Tells which suites have been running for long, on which device, and which ones wait for it. */
export class Progress implements RunListener {
  readonly #options: ProgressOptions;
  readonly #clock: ProgressClock;
  readonly #slots = new Map<string, Slot>();
  readonly #waiting = new Map<string, Suite>();
  /** Other machines that have not joined, and since when. */
  readonly #awaited = new Map<string, number>();
  readonly #running = new Map<
    string,
    { readonly suiteId: string; readonly slotIds: readonly string[]; readonly sinceMs: number }
  >();
  #stop: (() => void) | undefined;
  #said = '';

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#clock = options.clock ?? realClock;
  }

  event(event: RunEvent): void {
    if (event.type === 'slot-up') this.#slots.set(event.slot.id, event.slot);
    else if (event.type === 'slot-down') this.#slots.delete(event.slotId);
    else if (event.type === 'machine-lost') this.#forgetSlotsOf(event.machine);
    else if (event.type === 'machine-awaited') this.#awaited.set(event.machine, this.#clock.now());
    else if (event.type === 'machine-settled') this.#awaited.delete(event.machine);
    else if (event.type === 'suite-queued') this.#waiting.set(event.suite.id, event.suite);
    else if (event.type === 'suite-unplaceable') this.#waiting.delete(event.suiteId);
    else if (event.type === 'run-opened') this.#stop = this.#clock.every(this.#everyMs, () => this.#tell());
    else if (event.type === 'suite-started') {
      const { suiteId, slotId, partnerSlotIds = [] } = event.placement;
      this.#waiting.delete(suiteId);
      this.#running.set(slotId, {
        suiteId,
        slotIds: [slotId, ...partnerSlotIds],
        sinceMs: this.#clock.now(),
      });
    } else if (event.type === 'suite-ended') this.#running.delete(event.slotId);
    else if (event.type === 'run-ended' || event.type === 'run-cancelled') this.close();
  }

  /** Says nothing more. */
  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #forgetSlotsOf(name: string): void {
    for (const { id, machine } of this.#slots.values()) if (machine.name === name) this.#slots.delete(id);
  }

  get #everyMs(): number {
    return this.#options.isTerminal ? tuning.terminal : tuning.log;
  }

  #tell(): void {
    const nowMs = this.#clock.now();
    const isLong = (sinceMs: number) => nowMs - sinceMs >= this.#everyMs - tuning.slack;
    const long = [...this.#running.values()].filter(({ sinceMs }) => isLong(sinceMs));
    const awaited = [...this.#awaited].filter(([, sinceMs]) => isLong(sinceMs));
    if (long.length + awaited.length === 0) return;
    const waits = this.#waits();
    const isNew = JSON.stringify([awaited, long.map(({ suiteId, slotIds }) => [suiteId, slotIds]), waits]);
    if (this.#options.isTerminal && isNew === this.#said) return;
    this.#said = isNew;
    const running = long.slice(0, tuning.suitesNamed).map(({ suiteId, slotIds, sinceMs }) => {
      const devices = slotIds.map((id) => this.#slots.get(id)?.device.id ?? id).join(' + ');
      return `${suiteId} on ${devices} for ${rounded(nowMs - sinceMs)}`;
    });
    const more = long.length - running.length;
    const suites = [...running, ...(more > 0 ? [`${more} more`] : []), ...waits];
    const machines = awaited.map(([name, sinceMs]) => `waiting for ${name} for ${rounded(nowMs - sinceMs)}`);
    const strandedHere = this.#strandedHere();
    if (machines.length > 0 && strandedHere !== undefined) machines.push(strandedHere);
    const parts = [...(long.length > 0 ? [`still running: ${suites.join('; ')}`] : waits), ...machines];
    this.#options.say(printable(parts.join('; ')));
  }

  /** `b.test.js waits for gpu0`: suites for which every device that may run them is busy. The CPU serves in turn, which is no news. */
  #waits(): readonly string[] {
    const busy = new Set([...this.#running.values()].flatMap(({ slotIds }) => slotIds));
    const slots = [...this.#slots.values()];
    const waiting = new Map<string, string[]>();
    for (const suite of this.#waiting.values()) {
      const able = slots.filter((slot) => neverRejection(suite, slot, false) === undefined);
      if (able.length === 0 || able.some(({ id, device }) => device.class === 'cpu' || !busy.has(id)))
        continue;
      const devices = [...new Set(able.map(({ device }) => device.id))].join(' or ');
      waiting.set(devices, [...(waiting.get(devices) ?? []), suite.id]);
    }
    return [...waiting].map(([devices, [first = '', ...others]]) =>
      others.length === 0
        ? `${first} waits for ${devices}`
        : `${first} and ${others.length} more wait for ${devices}`,
    );
  }

  /** `no device so far can run gpu.test.js and 2 more`: for what machines are waited. */
  #strandedHere(): string | undefined {
    const slots = [...this.#slots.values()];
    const [first, ...others] = [...this.#waiting.values()].filter((suite) =>
      slots.every((slot) => neverRejection(suite, slot, false) !== undefined),
    );
    if (first === undefined) return undefined;
    return `no device so far can run ${first.id}${others.length === 0 ? '' : ` and ${others.length} more`}`;
  }
}

/** To the second. */
function rounded(ms: number): string {
  return formatDuration(Math.round(ms / 1000) * 1000);
}
