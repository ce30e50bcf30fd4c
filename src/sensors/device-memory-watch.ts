import type { Happening } from '../core/events.js';
import type { Device, Machine } from '../core/machine/machine.js';
import { freeMemoryText } from '../core/scheduler/taken-memory.js';
import { formatBytes } from '../core/vocabulary/units.js';
import type { WorkloadProfile } from '../core/workload/profile.js';
import type { Host } from '../host/host.js';
import { takenMemoryOf, tellsTakenMemory } from './taken-memory.js';

/** What a suite needs of devices. */
export type DeviceNeed = Pick<WorkloadProfile, 'hardware' | 'minMemoryBytes'>;

interface DeviceMemoryWatchOptions {
  /** A live one. */
  readonly host: Host;
  readonly machine: Machine;
  readonly profiles: readonly DeviceNeed[];
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
  /** How often suites of this run have begun to use a device. */
  readonly #uses = new Map<string, number>();
  #said = '';
  #closed = false;

  constructor(options: DeviceMemoryWatchOptions) {
    this.#options = options;
    const { host, machine, profiles } = options;
    for (const device of machine.devices) {
      const need = memoryNeedOn(device, profiles);
      if (need > 0 && tellsTakenMemory(host, device)) this.#needs.set(device.id, need);
    }
  }

  /** Of the devices whose memory is measured. */
  get deviceIds(): readonly string[] {
    return [...this.#needs.keys()];
  }

  /** A suite of this run starts to use the devices. @returns To be called when it has ended. */
  begin(deviceIds: readonly string[]): () => void {
    const count = (by: number) => {
      for (const id of deviceIds) this.#running.set(id, (this.#running.get(id) ?? 0) + by);
    };
    count(1);
    for (const id of deviceIds) this.#uses.set(id, (this.#uses.get(id) ?? 0) + 1);
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
      const uses = this.#uses.get(id);
      let taken = await takenMemoryOf(host, device);
      if (taken !== undefined && memoryBytes - taken.bytes < need) {
        await endIdleWorkers();
        taken = await takenMemoryOf(host, device);
      }
      if (this.#closed) return;
      // A suite that has begun meanwhile may have taken some of it.
      if (this.#uses.get(id) !== uses) continue;
      // If the figure is no longer known, suites do not wait for it.
      const { bytes, by } = taken ?? { bytes: 0 };
      tell({
        type: 'device-memory',
        machine: machine.machine.name,
        deviceId: id,
        takenBytes: bytes,
        ...(by !== undefined && { by }),
      });
      const text = noRoomText(id, { need, memoryBytes, takenBytes: bytes, by });
      if (text === undefined) continue;
      if (text !== this.#said) say(text);
      this.#said = text;
    }
  }
}

/** The most that one suite needs of the device's memory, in bytes. What does not fit on it anyway does not count. */
export function memoryNeedOn(device: Device, needs: readonly DeviceNeed[]): number {
  const { class: deviceClass, memoryBytes = 0 } = device;
  if (deviceClass === 'cpu') return 0;
  return needs
    .filter(({ hardware }) => hardware.some((need) => need.class === deviceClass))
    .reduce((most, { minMemoryBytes: need }) => (need > memoryBytes ? most : Math.max(most, need)), 0);
}

/** For the person at the terminal; undefined: it fits. */
export function noRoomText(
  device: string,
  told: {
    readonly need: number;
    readonly memoryBytes: number;
    readonly takenBytes: number;
    readonly by: string | undefined;
  },
): string | undefined {
  const { need, memoryBytes, takenBytes, by } = told;
  if (memoryBytes - takenBytes >= need) return undefined;
  return `jest-runner-hardware: a suite that needs ${formatBytes(need)} does not fit on ${device} now: ${freeMemoryText(memoryBytes, takenBytes, by)}`;
}
