import type { Rejection } from '../events.js';
import { type HeldLocks, MachineLoad, type TurnPolicy, type Turns } from '../machine/load.js';
import { type Claim, type Device, deviceKindOf, type Slot } from '../machine/machine.js';
import type { Permits } from '../machine/permits.js';
import { bug } from '../vocabulary/bug.js';
import type { FreeSlot, SlotPool, SuiteGroup } from './strategy.js';

/** Whether suites with the same requirements can ever run on a pool. */
export interface Verdict {
  /** Why they cannot; left out when they can. */
  readonly rejection?: Rejection;
  /** How many of the requirements the device misses. */
  readonly missed: number;
}

/** Why suites no longer start on a device, or anywhere on its machine. */
export interface SetAside {
  readonly what: 'device' | 'machine';
  /** As the end of a sentence about it. */
  readonly reason: string;
}

/** The slots of one pool that are up. */
export class FleetPool implements SlotPool {
  readonly name: string;
  readonly deviceKind: string;
  readonly device: Device;
  readonly anySlot: Slot;
  /** Of the machine, shared by its pools. */
  readonly load: MachineLoad;
  /** All pools of the machine, this one included; shared by them. */
  readonly siblings: Set<FleetPool>;
  readonly freeSlots: FleetSlot[] = [];
  /** Numbers all pools of the run in the order in which they came up. */
  readonly ordinal: number;
  /** Kept by the backlog. */
  readonly eligibleGroups = new Set<SuiteGroup>();
  /** By requirements. Kept by the matching of groups. */
  readonly verdicts = new Map<string, Verdict>();
  /** Slots that are up, whoever uses them. */
  upCount = 0;
  /** Why no suite starts here any more, see `set-aside`. */
  setAside: SetAside | undefined;

  constructor(slot: Slot, { load, pools }: FleetMachine, ordinal: number) {
    this.ordinal = ordinal;
    this.name = slot.type;
    this.deviceKind = deviceKindOf(slot.device);
    this.device = slot.device;
    this.anySlot = slot;
    this.load = load;
    this.siblings = pools;
    pools.add(this);
  }

  /** What other runs have for long does not count. */
  get slotCount(): number {
    const { suites } = this.load.onDevice(this.device.id);
    return Math.min(this.upCount, Math.max(1, suites, this.load.mostInTurnOnDevice(this.device.id)));
  }

  /** Whether the free slots are left to other runs now. */
  get isLeftToOthers(): boolean {
    return this.load.onDevice(this.device.id).suites >= this.load.mostOnDevice(this.device.id);
  }
}

interface FleetSlot extends FreeSlot {
  readonly slot: Slot;
  readonly pool: FleetPool;
}

interface FleetMachine {
  readonly load: MachineLoad;
  readonly pools: Set<FleetPool>;
}

/** The slots that are up, and what is claimed of their machines. */
export class Fleet {
  readonly #locks: HeldLocks = new Map();
  readonly #turnPolicy: TurnPolicy = { maySuitesWait: false };
  readonly #machines = new Map<string, FleetMachine>();
  readonly #pools = new Map<string, FleetPool>();
  readonly #slots = new Map<string, FleetSlot>();
  /** Reasons by machine, or by `<machine>/<device>`. */
  readonly #setAside = new Map<string, SetAside>();
  readonly #withFreeSlots = new Set<FleetPool>();
  #listed: readonly FleetPool[] | undefined;
  #nextOrdinal = 0;
  #nextPoolOrdinal = 0;

  /** In the order in which they came up. */
  get pools(): readonly FleetPool[] {
    this.#listed ??= [...this.#pools.values()];
    return this.#listed;
  }

  /** Pools with free slots on machines that are not full. On the others no suite fits, whatever it claims. */
  freePools(): readonly FleetPool[] {
    return [...this.#withFreeSlots]
      .filter(({ load, anySlot, setAside }) => setAside === undefined && !isFull(load, anySlot))
      .sort((a, b) => a.ordinal - b.ordinal);
  }

  findSlot(slotId: string): FleetSlot | undefined {
    return this.#slots.get(slotId);
  }

  /** @returns Whether it is the first slot of its pool. */
  addSlot(slot: Slot): boolean {
    if (this.#slots.has(slot.id)) {
      throw bug(`Slot ${slot.id} came up twice.`);
    }
    const machine = this.#machineOf(slot.machine.name);
    const pool = this.#pools.get(slot.type) ?? new FleetPool(slot, machine, this.#nextPoolOrdinal++);
    pool.setAside = this.#setAside.get(slot.machine.name) ?? this.#setAside.get(slot.type);
    const added = { id: slot.id, ordinal: this.#nextOrdinal++, slot, pool };
    machine.load.leadMs = slot.leadMs ?? 0;
    this.#pools.set(slot.type, pool);
    this.#listed = undefined;
    this.#slots.set(slot.id, added);
    pool.upCount++;
    this.#insertFree(added);
    return pool.upCount === 1;
  }

  /**
   * The slot must be free; an unknown one is ignored.
   * @returns Whether it was the last slot of its pool.
   */
  removeSlot(slotId: string): boolean {
    const removed = this.#slots.get(slotId);
    if (removed === undefined) return false;
    const { pool } = removed;
    this.#slots.delete(slotId);
    this.#removeFree(removed);
    if (--pool.upCount > 0) return false;
    pool.siblings.delete(pool);
    this.#listed = undefined;
    return this.#pools.delete(pool.name);
  }

  /** Also what is not known yet. @param deviceId Undefined: all of the machine. @returns Ids of the slots that are up there. */
  setAside(machine: string, deviceId: string | undefined, reason: string): readonly string[] {
    const name = deviceId === undefined ? machine : `${machine}/${deviceId}`;
    const setAside = { what: deviceId === undefined ? 'machine' : 'device', reason } as const;
    this.#setAside.set(name, setAside);
    const isMeant = ({ anySlot, device }: FleetPool) =>
      anySlot.machine.name === machine && (deviceId === undefined || device.id === deviceId);
    for (const pool of this.#pools.values()) if (isMeant(pool)) pool.setAside = setAside;
    return [...this.#slots.values()].flatMap(({ id, pool }) => (isMeant(pool) ? id : []));
  }

  /** In the order in which they came up. */
  slotIdsOf(machine: string): readonly string[] {
    return [...this.#slots.values()].flatMap(({ id, slot }) => (slot.machine.name === machine ? id : []));
  }

  /** Of a machine whose slots may still have to come, as for the two below. */
  setHot(machine: string, deviceId: string, isHot: boolean): void {
    const { hotDevices } = this.#machineOf(machine).load;
    if (isHot) hotDevices.add(deviceId);
    else hotDevices.delete(deviceId);
  }

  setLead(machine: string, leadMs: number): void {
    this.#machineOf(machine).load.leadMs = leadMs;
  }

  setTakenByOthers(machine: string, deviceId: string, bytes: number, by: string | undefined): void {
    const { othersMemory } = this.#machineOf(machine).load;
    othersMemory.set(deviceId, { bytes, ...(by !== undefined && { by }) });
  }

  setTurns(machine: string, deviceId: string, { free, share }: Turns): void {
    this.#machineOf(machine).load.turns.set(deviceId, { free, share });
  }

  /** Whether other runs use any machine. */
  get isShared(): boolean {
    return [...this.#machines.values()].some(({ load }) => load.turns.size > 0);
  }

  /** Whether suites fit where they wait for other runs. False at first. */
  letSuitesWait(maySuitesWait: boolean): void {
    this.#turnPolicy.maySuitesWait = maySuitesWait;
  }

  /** Nobody tells any more when its devices have cooled down, or their memory is free. */
  forgetReadings(machine: string): void {
    const { hotDevices, othersMemory, turns } = this.#machineOf(machine).load;
    hotDevices.clear();
    othersMemory.clear();
    turns.clear();
  }

  /** Undefined for a machine of which nothing is known. */
  permitsOf(machine: string): Permits | undefined {
    return this.#machines.get(machine)?.load.permits;
  }

  /** The slots, all of one machine, must be free. */
  allocate(slots: readonly Slot[], claim: Claim): void {
    this.#loadOf(slots).occupy(slots, claim);
    for (const { id } of slots) this.#removeFree(this.#slotOf(id));
  }

  /** Undoes `allocate` with the same slots and claim. */
  release(slots: readonly Slot[], claim: Claim): void {
    this.#loadOf(slots).release(slots, claim);
    for (const { id } of slots) this.#insertFree(this.#slotOf(id));
  }

  /** Keeps the lowest number first. */
  #insertFree(slot: FleetSlot): void {
    const { pool } = slot;
    pool.freeSlots.splice(sortedIndexOf(slot.id, pool.freeSlots), 0, slot);
    this.#withFreeSlots.add(pool);
  }

  #removeFree({ id, pool }: FleetSlot): void {
    const index = sortedIndexOf(id, pool.freeSlots);
    if (pool.freeSlots[index]?.id === id) pool.freeSlots.splice(index, 1);
    if (pool.freeSlots.length === 0) this.#withFreeSlots.delete(pool);
  }

  #machineOf(name: string): FleetMachine {
    const machine = this.#machines.get(name) ?? {
      load: new MachineLoad(this.#locks, this.#turnPolicy),
      pools: new Set(),
    };
    this.#machines.set(name, machine);
    return machine;
  }

  #loadOf([first]: readonly Slot[]): MachineLoad {
    if (first === undefined) throw bug('A suite was to run on no slot.');
    return this.#slotOf(first.id).pool.load;
  }

  #slotOf(slotId: string): FleetSlot {
    const slot = this.#slots.get(slotId);
    if (slot === undefined) throw bug(`There is no slot ${slotId}.`);
    return slot;
  }
}

function isFull(load: MachineLoad, { machineWorkers, machineCpuThreads }: Slot): boolean {
  return load.exclusiveSuites > 0 || load.suites >= machineWorkers || load.cpuThreads >= machineCpuThreads;
}

/** The index of the id in the sorted list, or where it belongs. Ids of one pool differ in their number only. */
function sortedIndexOf(slotId: string, freeSlots: readonly FleetSlot[]): number {
  let [from, to] = [0, freeSlots.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const id = freeSlots[middle]?.id ?? '';
    const isBefore = id.length < slotId.length || (id.length === slotId.length && id < slotId);
    if (isBefore) from = middle + 1;
    else to = middle;
  }
  return from;
}
