import type { Advice } from './advise.js';
import type { CandidateFleet, FleetPart } from './candidate-fleets.js';
import type { TriedFleet } from './trials.js';

/** `2 gpu-box + 1 local (-w 8)`: the number of workers stands where it is not that of the record. */
export function fleetText({ parts }: CandidateFleet): string {
  return parts.map(partText).join(' + ');
}

function partText({ kind, count, cpuWorkers }: FleetPart): string {
  const workers = cpuWorkers + kind.moreWorkers;
  return `${count} ${kind.name}${cpuWorkers === kind.cpuWorkers ? '' : ` (-w ${workers})`}`;
}

/** Whether prices are money, and not numbers of machines. */
export function hasPrices({ kinds }: Pick<Advice, 'kinds'>): boolean {
  return kinds.every(({ pricePerHour }) => pricePerHour !== undefined);
}

/** What half of the runs cost at most: all machines from their start to the end of the run. */
export function pricePerRun({ price, halfWithinMs }: TriedFleet): number {
  return (price * halfWithinMs) / 3_600_000;
}

/** `2.4`, `0.18`, `0.0021`: three digits that count. */
export function priceText(price: number): string {
  return String(Number(price.toPrecision(3)));
}
