import type { Claim, Slot } from './machine.js';
import { Permits } from './permits.js';

/** What filters may know of a machine: the sum of the claims on it. */
export interface MachineState {
  readonly busySlotIds: ReadonlySet<string>;
  /** One worker each, though a suite may hold the slots of several devices. */
  readonly suites: number;
  readonly exclusiveSuites: number;
  readonly cpuThreads: number;
  readonly hostMemoryBytes: number;
  /** How late the machine hears of decisions, ms; 0: at once. */
  readonly leadMs: number;
  onDevice(deviceId: string): DeviceState;
  /** Whether a suite holds the lock, on whatever machine of the run. */
  isLocked(lock: string): boolean;
  /** What others than this run have taken of the device's memory. */
  takenByOthers(deviceId: string): { readonly bytes: number; readonly by?: string };
  /** How many suites of this run may run on the device now; infinite where other runs do not use it. */
  mostOnDevice(deviceId: string): number;
  /** Whether the device is so hot that it should get fewer suites, or none. */
  isHot(deviceId: string): boolean;
}

export interface DeviceState {
  readonly suites: number;
  readonly memoryBytes: number;
}

/** Locks of the run with how many suites hold each (one, unless a reservation stands beside the holder). */
export type HeldLocks = Map<string, number>;

/** What other runs leave to this one of a device that the machine shares among runs, see `device-turns`. */
export interface Turns {
  readonly free: number;
  readonly share: number;
}

/** Whether suites may be placed where they wait for the turn of this run. The same for all machines. */
export interface TurnPolicy {
  maySuitesWait: boolean;
}

/** Keeps the books of one machine; locks are kept for the whole run. */
export class MachineLoad implements MachineState {
  readonly busySlotIds = new Set<string>();
  suites = 0;
  exclusiveSuites = 0;
  cpuThreads = 0;
  hostMemoryBytes = 0;
  readonly hotDevices = new Set<string>();
  readonly othersMemory = new Map<string, { readonly bytes: number; readonly by?: string }>();
  /** By device; left out: no other run uses it. */
  readonly turns = new Map<string, Turns>();
  leadMs = 0;
  /** What other runs leave to this one. */
  readonly permits = new Permits();
  readonly #devices = new Map<string, DeviceState>();
  readonly #locks: HeldLocks;
  readonly #turnPolicy: TurnPolicy;

  constructor(locks: HeldLocks, turnPolicy: TurnPolicy = { maySuitesWait: false }) {
    this.#locks = locks;
    this.#turnPolicy = turnPolicy;
  }

  onDevice(deviceId: string): DeviceState {
    return this.#devices.get(deviceId) ?? { suites: 0, memoryBytes: 0 };
  }

  takenByOthers(deviceId: string): { readonly bytes: number; readonly by?: string } {
    return this.othersMemory.get(deviceId) ?? { bytes: 0 };
  }

  mostOnDevice(deviceId: string): number {
    const turns = this.turns.get(deviceId);
    if (turns === undefined) return Number.POSITIVE_INFINITY;
    return this.#turnPolicy.maySuitesWait ? Math.max(turns.free, turns.share) : turns.free;
  }

  /** Whether a further suite would wait there for other runs. */
  isTakenByOtherRuns(deviceId: string): boolean {
    return this.onDevice(deviceId).suites >= (this.turns.get(deviceId) ?? everything).free;
  }

  /** With those that would wait. */
  mostInTurnOnDevice(deviceId: string): number {
    const { free, share } = this.turns.get(deviceId) ?? everything;
    return Math.max(free, share);
  }

  isHot(deviceId: string): boolean {
    return this.hotDevices.has(deviceId);
  }

  isLocked(lock: string): boolean {
    return this.#locks.has(lock);
  }

  /** @param slots One for each device of the claim. */
  occupy(slots: readonly Slot[], claim: Claim): void {
    for (const { id } of slots) this.busySlotIds.add(id);
    this.#book(claim, 1);
  }

  /** Undoes `occupy` with the same slots and claim. */
  release(slots: readonly Slot[], claim: Claim): void {
    for (const { id } of slots) this.busySlotIds.delete(id);
    this.#book(claim, -1);
  }

  #book(claim: Claim, sign: 1 | -1): void {
    this.suites += sign;
    this.permits.book(claim, sign);
    if (claim.exclusive) this.exclusiveSuites += sign;
    this.cpuThreads += sign * claim.cpuThreads;
    this.hostMemoryBytes += sign * claim.hostMemoryBytes;
    for (const id of claim.deviceIds) {
      const { suites, memoryBytes } = this.onDevice(id);
      this.#devices.set(id, {
        suites: suites + sign,
        memoryBytes: memoryBytes + sign * claim.deviceMemoryBytes,
      });
    }
    for (const lock of claim.locks) {
      const holders = (this.#locks.get(lock) ?? 0) + sign;
      if (holders > 0) this.#locks.set(lock, holders);
      else this.#locks.delete(lock);
    }
  }
}

const everything: Turns = { free: Number.POSITIVE_INFINITY, share: Number.POSITIVE_INFINITY };
