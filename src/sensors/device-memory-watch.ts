import type { Happening } from '../core/events.js';
import type { Machine } from '../core/machine/machine.js';
import { freeMemoryText } from '../core/scheduler/taken-memory.js';
import { formatBytes } from '../core/vocabulary/units.js';
import type { WorkloadProfile } from '../core/workload/profile.js';
import type { Host } from '../host/host.js';
import { takenMemoryOf, tellsTakenMemory } from './taken-memory.js';

interface DeviceMemoryWatchOptions {
  /** A live one. */
  readonly host: Host;
  readonly machine: Machine;
  readonly profiles: readonly WorkloadProfile[];
  tell(happening: Happening): void;
  say(message: string): void;
  /** Ends idle workers, which may still hold device memory that belongs to this run. */
  endIdleWorkers(): Promise<unknown>;
}

/** Measures how much of a device's memory other programs have taken, before suites that need some of it are admitted. */
export class DeviceMemoryWatch {
  readonly #options: DeviceMemoryWatchOptions;
  /** By id of a device whose memory can be measured: the most that one suite needs there, in bytes. */
  readonly #needs = new Map<string, number>();
  /** Suites of this run on each device. */
  readonly #running = new Map<string, number>();
  #said = '';
  #closed = false;

  constructor(options: DeviceMemoryWatchOptions) {
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

  /** A suite of this run starts to use the devices. @returns To be called when it has ended. */
  begin(deviceIds: readonly string[]): () => void {
    const count = (by: number) => {
      for (const id of deviceIds) this.#running.set(id, (this.#running.get(id) ?? 0) + by);
    };
    count(1);
    return () => count(-1);
  }

  /**
   * Undefined: nothing to measure. While a suite of this run uses the device its memory cannot be told from that of other
   * programs, so the last figure stays.
   */
  measure(deviceIds: readonly string[]): Promise<void> | undefined {
    const asked = deviceIds.filter((id) => this.#needs.has(id) && (this.#running.get(id) ?? 0) === 0);
    return asked.length === 0 ? undefined : this.#measureNow(asked);
  }

  /** The run has ended: answers of tools that are still running are dropped. */
  close(): void {
    this.#closed = true;
  }

  async #measureNow(deviceIds: readonly string[]): Promise<void> {
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
      // If the figure is no longer known, suites do not wait for it.
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
