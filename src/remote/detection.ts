import type { Machine } from '../core/machine/machine.js';
import type { Connection } from '../transport/transport.js';
import { askForMachine } from './ask.js';
import type { DetectParams } from './protocol.js';

/** What another machine has. What was found for an earlier run is still so, if it is recent and all of it was looked for. */
export class Detection {
  #last: { readonly machine: Machine; readonly params: DetectParams; readonly atMs: number } | undefined;

  async machine(connection: Connection, params: DetectParams, signal: AbortSignal): Promise<Machine> {
    const last = this.#last;
    const isCovered =
      last !== undefined &&
      // What others have taken is another amount each time.
      params.takenMemory !== true &&
      performance.now() - last.atMs < detectedForMs &&
      params.classes.every((each) => last.params.classes.includes(each)) &&
      params.lazy.every((each) => last.params.lazy.includes(each));
    if (isCovered) return last.machine;
    // Runs that look for different things follow one another: the next ones are covered.
    const all = {
      ...params,
      classes: [...new Set([...(last?.params.classes ?? []), ...params.classes])],
      lazy: [...new Set([...(last?.params.lazy ?? []), ...params.lazy])],
    };
    const machine = await askForMachine(connection, all, { signal });
    this.#last = { machine, params: all, atMs: performance.now() };
    return machine;
  }
}

/** Devices come and go seldom, but a run may be one of many in a day. */
const detectedForMs = 600_000;
