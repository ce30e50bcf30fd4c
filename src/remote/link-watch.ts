import type { Connection } from '../transport/transport.js';
import { measureRoundTrip } from './measure-link.js';

const tuning = {
  /** The two sides take about this long to handle a result and to start a suite, however short the way is. */
  leastLeadMs: 10,
  /** Between two questions. A policy: a question is 100 bytes, beside the signs of life that are sent twice a second. */
  intervalMs: 1000,
  /**
   * The shortest of so many round trips counts (a windowed minimum filter, as in BBR congestion control): one that waited
   * for a busy process or behind a large result says nothing of the way. A slower way is known after as many questions, a
   * faster one at once.
   */
  window: 3,
  /** Less is noise: a change by a factor of less than this. Not tuned: no measurement is recorded. */
  leastFactor: 1.5,
  /** And one by less than this, in ms: next to suites of more than 10 ms it changes nothing. */
  leastChangeMs: 20,
} as const;

/** What counts as the lead of a machine, from round trips to it. */
export class LeadEstimate {
  readonly #recentMs: number[] = [];
  #leadMs: number;

  constructor(roundTripMs: number) {
    this.#leadMs = leadOf(roundTripMs);
  }

  /** See `Slot.leadMs`. */
  get leadMs(): number {
    return this.#leadMs;
  }

  /** @returns Whether the lead has changed by more than noise. */
  add(roundTripMs: number): boolean {
    this.#recentMs.push(roundTripMs);
    if (this.#recentMs.length > tuning.window) this.#recentMs.shift();
    const leadMs = leadOf(Math.min(...this.#recentMs));
    const [less, more] = [Math.min(leadMs, this.#leadMs), Math.max(leadMs, this.#leadMs)];
    if (more < less * tuning.leastFactor || more - less < tuning.leastChangeMs) return false;
    // Until the window is full, the shortest may be longer than the way.
    if (leadMs === more && this.#recentMs.length < tuning.window) return false;
    this.#leadMs = leadMs;
    return true;
  }
}

/** Measures the way to a machine again and again while tasks run there. */
export class LinkWatch {
  readonly #estimate: LeadEstimate;
  readonly #connection: Connection;
  readonly #onChange: (leadMs: number) => void;
  #tasks = 0;
  #isAsking = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param onChange Called with the new lead. */
  constructor(connection: Connection, estimate: LeadEstimate, onChange: (leadMs: number) => void) {
    this.#connection = connection;
    this.#estimate = estimate;
    this.#onChange = onChange;
  }

  /** A task is sent. @returns To be called when it has ended. */
  begin(): () => void {
    this.#tasks++;
    this.#schedule();
    return () => {
      this.#tasks--;
      if (this.#tasks > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
  }

  #schedule(): void {
    if (this.#tasks === 0 || this.#isAsking) return;
    this.#timer ??= setTimeout(() => void this.#ask(), tuning.intervalMs).unref();
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    try {
      const roundTripMs = await measureRoundTrip(this.#connection, 1);
      if (this.#estimate.add(roundTripMs) && this.#tasks > 0) this.#onChange(this.#estimate.leadMs);
    } catch {
      // The connection is lost, which is told by itself.
      return;
    }
    this.#isAsking = false;
    this.#timer = undefined;
    this.#schedule();
  }
}

function leadOf(roundTripMs: number): number {
  return Math.max(tuning.leastLeadMs, Math.round(roundTripMs));
}
