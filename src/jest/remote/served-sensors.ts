import type { Happening } from '../../core/events.js';
import type { Machine } from '../../core/machine/machine.js';
import type { Executor } from '../../execute/executor.js';
import { measured } from '../../execute/measured.js';
import type { Host } from '../../host/host.js';
import { DeviceMemoryWatch, type DeviceNeed } from '../../sensors/device-memory-watch.js';
import { sensorsOf } from '../../sensors/readings.js';
import { SensorWatch } from '../../sensors/watch.js';

/** What a run wants to know of the devices of another machine. */
export interface Sensed {
  /** Whether it asks when devices get hot. */
  readonly heat: boolean;
  /** What its suites need of devices, each need once; without memory where it ignores other programs. */
  readonly needs: readonly DeviceNeed[];
}

interface ServedSensorsOptions {
  readonly sensed: Sensed;
  readonly machine: Machine;
  /** A live one, which keeps no answers of tools. */
  readonly host: Host;
  tell(happening: Happening): void;
  /** Ends idle workers, which may still hold device memory that belongs to this run. */
  endIdleWorkers(): Promise<unknown>;
}

/** Nothing tells when memory becomes free, so it is polled. As often as where the run was started. */
const pollMs = 5000;

/**
 * Heat, energy and taken memory of the devices on which suites of a run elsewhere run: watched here as that run watches its
 * own devices. Where there are no sensors, or nothing is asked of them, nothing is read.
 */
export class ServedSensors {
  readonly #watch: SensorWatch;
  readonly #memory: DeviceMemoryWatch;
  /** Resolves when memory has been measured once; undefined: there is none to measure. */
  readonly #measured: Promise<void> | undefined;
  #poll: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor({ sensed, machine, host, tell, endIdleWorkers }: ServedSensorsOptions) {
    const { heat, needs } = sensed;
    const { name } = machine.machine;
    const wanted = new Set(needs.flatMap(({ hardware }) => hardware.map((need) => need.class)));
    const sensors = sensorsOf(host, machine, wanted);
    this.#watch = new SensorWatch({ machine: name, devices: machine.devices, sensors, heat, tell });
    // What does not fit is said where the run was started.
    const memory = { host, machine, profiles: needs, tell, say: () => {}, endIdleWorkers };
    this.#memory = new DeviceMemoryWatch(memory);
    this.#measured = this.#memory.deviceIds.length === 0 ? undefined : this.#pollMemory();
  }

  /** The executor that measures what the devices use meanwhile, and before it ends what others have taken of their memory. */
  around<Result>(executor: Executor<Result>): Executor<Result> {
    const metered = measured(executor, this.#watch);
    return {
      run: async (start, signal) => {
        const { deviceIds } = start.placement.claim;
        await this.#measured;
        const endUse = this.#memory.begin(deviceIds);
        try {
          return await metered.run(start, signal);
        } finally {
          endUse();
          // The run hears of it before it places the next suite.
          if (!signal.aborted && !this.#stopped) await this.#memory.measure(deviceIds);
        }
      },
    };
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#poll);
    this.#watch.stop();
    this.#memory.close();
  }

  async #pollMemory(): Promise<void> {
    await this.#memory.measure(this.#memory.deviceIds);
    if (this.#stopped) return;
    this.#poll = setTimeout(() => void this.#pollMemory(), pollMs).unref();
  }
}
