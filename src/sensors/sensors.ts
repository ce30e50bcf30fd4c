import type { Quantity } from '../core/machine/machine.js';

/** What the sensors of one device read, in °C, W or J. A quantity that could not be read this time is left out. */
export type DeviceReadings = Partial<Record<Quantity, number>>;

/** The same for several devices, by device id. */
export type ReadingsByDevice = ReadonlyMap<string, DeviceReadings>;

/** Sensors of a machine's devices. */
export interface Sensors {
  /** For each device that has sensors: what reads each quantity, for a person. Devices without sensors are left out. */
  readonly sources: ReadonlyMap<string, Partial<Record<Quantity, string>>>;
  /** True when a tool reads some of them. A tool is a process and takes its time; files do not. */
  readonly withTools: boolean;
  /** Reads the sensors that are files. A hardware counter of energy that wraps around goes on counting here. */
  readFiles(): ReadingsByDevice;
  /** Reads all sensors. Never rejects. The signal ends tools that are still running. */
  read(signal?: AbortSignal): Promise<ReadingsByDevice>;
  /** Ids of the devices that a tool reads. */
  readonly toolDevices: ReadonlySet<string>;
  /**
   * Starts one process that reads the tools' devices several times a second.
   * @param onEnd Called when the process ends by itself, or cannot read repeatedly.
   * @returns A function that ends the process.
   */
  followTools(onReadings: (readings: ReadingsByDevice) => void, onEnd: () => void): () => void;
}
