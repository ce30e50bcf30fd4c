import type { Slot } from '../../core/machine/machine.js';
import { Heap } from '../../core/vocabulary/heap.js';
import { type MachineKind, mostCpuWorkers, slotsOfKind } from './machine-kinds.js';

/** A number of machines of each kind, with as many workers as ran there, or more. */
export interface CandidateFleet {
  readonly parts: readonly FleetPart[];
  /** Machines in all. */
  readonly machines: number;
  /** What it costs: per hour, or where nobody named prices its number of machines. */
  readonly price: number;
}

export interface FleetPart {
  readonly kind: MachineKind;
  readonly count: number;
  /** Suites at once on the CPU of each. */
  readonly cpuWorkers: number;
}

/** More machines of one price than this are told apart by their number: it breaks ties of prices, and changes no price. */
const tieBreak = 1e-9;

/**
 * All fleets of up to so many machines, the cheapest first (uniform-cost search, Dijkstra 1959); of equal prices the one with fewer machines,
 * then the one with fewer workers.
 */
export function* fleetsByPrice(
  kinds: readonly MachineKind[],
  most: number,
): Generator<CandidateFleet, undefined> {
  interface Counts {
    readonly counts: readonly number[];
    readonly machines: number;
    readonly last: number;
  }
  const prices = kinds.map(({ pricePerHour = 1 }) => pricePerHour);
  const scale = Math.max(1e-6, ...prices) * tieBreak;
  const upcoming = new Heap<Counts>();
  const push = (counts: readonly number[], last: number) => {
    const machines = counts.reduce((sum, count) => sum + count, 0);
    upcoming.push(priceOf(counts, prices) + machines * scale, { counts, machines, last });
  };
  push(
    kinds.map(() => 0),
    0,
  );
  for (let next = upcoming.pop(); next !== undefined; next = upcoming.pop()) {
    const { counts, machines, last } = next;
    if (machines > 0) {
      for (const level of levelsOf(kinds, counts)) {
        yield {
          parts: kinds.flatMap((kind, at) =>
            (counts[at] ?? 0) === 0
              ? []
              : [{ kind, count: counts[at] ?? 0, cpuWorkers: workersAt(kind, level) }],
          ),
          machines,
          price: priceOf(counts, prices),
        };
      }
    }
    if (machines >= most) continue;
    // From the last kind on, so that no fleet comes twice.
    for (let at = last; at < kinds.length; at++) push(counts.with(at, (counts[at] ?? 0) + 1), at);
  }
}

/** The fleet of the record itself. */
export function recordedFleet(kinds: readonly MachineKind[]): CandidateFleet {
  const parts = kinds
    .filter(({ recorded }) => recorded > 0)
    .map((kind) => ({ kind, count: kind.recorded, cpuWorkers: kind.cpuWorkers }));
  return {
    parts,
    machines: parts.reduce((sum, { count }) => sum + count, 0),
    price: parts.reduce((sum, { kind: { pricePerHour = 1 }, count }) => sum + count * pricePerHour, 0),
  };
}

/** Equal for equal fleets. */
export function fleetKey({ parts }: CandidateFleet): string {
  return parts.map(({ kind, count, cpuWorkers }) => `${count} ${kind.name} ${cpuWorkers}`).join('\n');
}

/** Slots by machine. */
export function slotsByMachine({ parts }: CandidateFleet): readonly (readonly Slot[])[] {
  return parts.flatMap(({ kind, count, cpuWorkers }) =>
    Array.from({ length: count }, (_, index) => slotsOfKind(kind, index + 1, cpuWorkers)),
  );
}

/** Workers are doubled until no machine of the fleet can have more. */
function levelsOf(kinds: readonly MachineKind[], counts: readonly number[]): readonly number[] {
  const used = kinds.filter((_, at) => (counts[at] ?? 0) > 0);
  const most = Math.max(
    ...used.map((kind) => Math.ceil(Math.log2(mostCpuWorkers(kind) / kind.cpuWorkers) - 1e-9)),
  );
  return Array.from({ length: most + 1 }, (_, level) => level);
}

function workersAt(kind: MachineKind, level: number): number {
  return Math.min(kind.cpuWorkers * 2 ** level, mostCpuWorkers(kind));
}

function priceOf(counts: readonly number[], prices: readonly number[]): number {
  return counts.reduce((sum, count, at) => sum + count * (prices[at] ?? 0), 0);
}
