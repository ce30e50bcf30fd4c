import type { Happening } from '../core/events.js';
import type { Machine } from '../core/machine/machine.js';
import { freeMemoryText } from '../core/scheduler/taken-memory.js';
import { formatBytes } from '../core/vocabulary/units.js';
import type { WorkloadProfile } from '../core/workload/profile.js';
import type { Host } from '../host/host.js';
import { takenMemoryOf, tellsTakenMemory } from './taken-memory.js';

interface MemoryLookOptions {
  /** A live one. */
  readonly host: Host;
  readonly machine: Machine;
  readonly profiles: readonly WorkloadProfile[];
  tell(happening: Happening): void;
  say(message: string): void;
  /** Ends workers without a suite: what their suites left in the device's memory is ours, not others'. */
  endIdleWorkers(): Promise<unknown>;
}

/** Looks how much of a device's memory others have taken, before suites that ask for some are admitted. */
export class MemoryLook {
  readonly #options: MemoryLookOptions;
  /** By device that tells and that suites may ask memory of: the most that one asks for. */
  readonly #needs = new Map<string, number>();
  /** Suites of this run on each device. */
  readonly #running = new Map<string, number>();
  #said = '';
  #closed = false;

  constructor(options: MemoryLookOptions) {
    this.#options = options;
    const { host, machine, profiles } = options;
    for (const device of machine.devices) {
      const { memoryBytes = 0 } = device;
      const asked = profiles
        .filter(({ hardware }) => hardware.some((need) => need.class === device.class))
        .map(({ minMemoryBytes }) => (minMemoryBytes > memoryBytes ? 0 : minMemoryBytes));
      const need = Math.max(0, ...asked);
      if (need > 0 && device.class !== 'cpu' && tellsTakenMemory(host, device))
        this.#needs.set(device.id, need);
    }
  }

  /** A suite of this run is about to use the devices. @returns To be called when it no longer does. */
  begin(deviceIds: readonly string[]): () => void {
    const count = (by: number) => {
      for (const id of deviceIds) this.#running.set(id, (this.#running.get(id) ?? 0) + by);
    };
    count(1);
    return () => count(-1);
  }

  /**
   * Undefined: nothing to look at. Beside a suite of this run nobody can tell what is whose: what was found before it
   * started goes on counting.
   */
  look(deviceIds: readonly string[]): Promise<void> | undefined {
    const asked = deviceIds.filter((id) => this.#needs.has(id) && (this.#running.get(id) ?? 0) === 0);
    return asked.length === 0 ? undefined : this.#lookAt(asked);
  }

  /** The run has ended: what a tool still says is of no use. */
  close(): void {
    this.#closed = true;
  }

  async #lookAt(deviceIds: readonly string[]): Promise<void> {
    const { machine, host, tell, say, endIdleWorkers } = this.#options;
    for (const device of machine.devices.filter(({ id }) => deviceIds.includes(id))) {
      const { id, memoryBytes = 0 } = device;
      const need = this.#needs.get(id) ?? 0;
      let taken = await takenMemoryOf(host, device);
      if (taken !== undefined && memoryBytes - taken.bytes < need) {
        await endIdleWorkers();
        taken = await takenMemoryOf(host, device);
      }
      if (this.#closed) return;
      // What nobody can tell any more holds up nothing.
      const { bytes, by } = taken ?? { bytes: 0 };
      tell({
        type: 'device-memory',
        machine: machine.machine.name,
        deviceId: id,
        takenBytes: bytes,
        ...(by !== undefined && { by }),
      });
      if (memoryBytes - bytes >= need) continue;
      const text = `a suite that needs ${formatBytes(need)} does not fit on ${id} now: ${freeMemoryText(memoryBytes, bytes, by)}`;
      if (text !== this.#said) say(`jest-runner-hardware: ${text}`);
      this.#said = text;
    }
  }
}
