import type { Rejection } from '../events.js';
import { type HeldLocks, MachineLoad } from '../machine/load.js';
import { type Claim, type Device, kindOf, type Slot } from '../machine/machine.js';
import type { Permits } from '../machine/permits.js';
import { bug } from '../vocabulary/bug.js';
import type { FreeSlot, PendingGroup, SlotType } from './strategy.js';

export interface Verdict {
  /** Left out when such a suite can run on the type some time. */
  readonly rejection?: Rejection;
  /** How many of its requirements the device misses. */
  readonly missed: number;
}

/** Slots of one type that are up. */
export class FleetType implements SlotType {
  readonly name: string;
  readonly kind: string;
  readonly device: Device;
  /** One of them: what can never run here is the same for all. */
  readonly slot: Slot;
  /** Of the machine, shared by its types. */
  readonly load: MachineLoad;
  /** All types of the machine, this one included; shared by them. */
  readonly siblings: Set<FleetType>;
  readonly free: KnownSlot[] = [];
  /** Kept by the backlog. */
  readonly candidates = new Set<PendingGroup>();
  /** Whether suites can ever run here, by what they ask for. Kept by the backlog. */
  readonly verdicts = new Map<string, Verdict>();
  slots = 0;

  constructor(slot: Slot, { load, types }: KnownMachine) {
    this.name = slot.type;
    this.kind = kindOf(slot.device);
    this.device = slot.device;
    this.slot = slot;
    this.load = load;
    this.siblings = types;
    types.add(this);
  }
}

export interface KnownSlot extends FreeSlot {
  readonly slot: Slot;
  readonly type: FleetType;
}

interface KnownMachine {
  readonly load: MachineLoad;
  readonly types: Set<FleetType>;
}

/** The slots that are up and what is taken of their machines. */
export class Fleet {
  readonly #locks: HeldLocks = new Map();
  readonly #machines = new Map<string, KnownMachine>();
  readonly #types = new Map<string, FleetType>();
  readonly #slots = new Map<string, KnownSlot>();
  #ordinal = 0;

  /** In the order in which they came up. */
  get types(): readonly FleetType[] {
    return [...this.#types.values()];
  }

  /** Types with free slots on machines that are not full: no suite fits on the others, whatever it claims. */
  freeTypes(): readonly FleetType[] {
    return [...this.#types.values()].filter(({ free, load, slot }) => free.length > 0 && !isFull(load, slot));
  }

  find(slotId: string): KnownSlot | undefined {
    return this.#slots.get(slotId);
  }

  /** @returns Whether it is the first of its type. */
  up(slot: Slot): boolean {
    if (this.#slots.has(slot.id)) {
      throw bug(`Slot ${slot.id} came up twice.`);
    }
    const machine = this.#machines.get(slot.machine.name) ?? {
      load: new MachineLoad(this.#locks),
      types: new Set(),
    };
    const type = this.#types.get(slot.type) ?? new FleetType(slot, machine);
    const known = { id: slot.id, ordinal: this.#ordinal++, slot, type };
    this.#machines.set(slot.machine.name, machine);
    this.#types.set(slot.type, type);
    this.#slots.set(slot.id, known);
    type.slots++;
    addFree(type, known);
    return type.slots === 1;
  }

  /**
   * The slot must be free; an unknown one is ignored.
   * @returns Whether it was the last of its type.
   */
  down(slotId: string): boolean {
    const known = this.#slots.get(slotId);
    if (known === undefined) return false;
    this.#slots.delete(slotId);
    removeFree(known.type, slotId);
    if (--known.type.slots > 0) return false;
    known.type.siblings.delete(known.type);
    return this.#types.delete(known.type.name);
  }

  /** What is unknown is ignored. */
  heat(machine: string, deviceId: string, isHot: boolean): void {
    const { hotDevices } = this.#machines.get(machine)?.load ?? {};
    if (isHot) hotDevices?.add(deviceId);
    else hotDevices?.delete(deviceId);
  }

  /** What is unknown is ignored. */
  takenByOthers(machine: string, deviceId: string, bytes: number, by: string | undefined): void {
    this.#machines.get(machine)?.load.othersMemory.set(deviceId, { bytes, ...(by !== undefined && { by }) });
  }

  /** Undefined when the machine has no slots. */
  permitsOf(machine: string): Permits | undefined {
    return this.#machines.get(machine)?.load.permits;
  }

  /** The slots, all of one machine, must be free. */
  take(slots: readonly Slot[], claim: Claim): void {
    this.#loadOf(slots).take(slots, claim);
    for (const { id } of slots) removeFree(this.#known(id).type, id);
  }

  /** Gives back what `take` took with the same slots and claim. */
  release(slots: readonly Slot[], claim: Claim): void {
    this.#loadOf(slots).release(slots, claim);
    for (const { id } of slots) {
      const known = this.#known(id);
      addFree(known.type, known);
    }
  }

  #loadOf([first]: readonly Slot[]): MachineLoad {
    if (first === undefined) throw bug('A suite was to run on no slot.');
    return this.#known(first.id).type.load;
  }

  #known(slotId: string): KnownSlot {
    const known = this.#slots.get(slotId);
    if (known === undefined) throw bug(`There is no slot ${slotId}.`);
    return known;
  }
}

function isFull(load: MachineLoad, { machineWorkers, machineCpuThreads }: Slot): boolean {
  return load.exclusiveSuites > 0 || load.suites >= machineWorkers || load.cpuThreads >= machineCpuThreads;
}

/** Keeps the lowest number first. Ids of one type differ in their number only. */
function addFree({ free }: FleetType, slot: KnownSlot): void {
  free.splice(placeOf(slot.id, free), 0, slot);
}

function removeFree({ free }: FleetType, slotId: string): void {
  const at = placeOf(slotId, free);
  if (free[at]?.id === slotId) free.splice(at, 1);
}

/** Where the id stands in the sorted list, or would stand. */
function placeOf(slotId: string, free: readonly KnownSlot[]): number {
  let [from, to] = [0, free.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const id = free[middle]?.id ?? '';
    const isBefore = id.length < slotId.length || (id.length === slotId.length && id < slotId);
    if (isBefore) from = middle + 1;
    else to = middle;
  }
  return from;
}
