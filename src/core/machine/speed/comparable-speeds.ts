import type { Precision } from '../../vocabulary/taxonomy.js';
import type { Device } from '../machine.js';
import type { Place } from './product-line.js';
import { standingOf } from './spec-sheets.js';
import { modelSpeedOf, ownSpeedOf, type Speed } from './speed.js';

/** A speed with a number that may be compared with those of other devices, whatever they rest on. */
export interface ComparableSpeed extends Speed {
  readonly comparable: number;
  /** Whether `comparable` is what a measurement should give, as opposed to a data sheet. */
  readonly isMeasuredScale: boolean;
}

/** Part of a data sheet's peak that large matrix products of a vendor's own library reach. Not tuned: no measurement is recorded. */
const typicalEfficiency = 0.7;
/**
 * A measurement outside of this range of the peak is not compared: something is wrong with that device. A small product in a
 * browser reaches 1 %. Not tuned: no measurement of the limits is recorded.
 */
const leastEfficiency = 0.002;
const mostEfficiency = 1.2;

/**
 * Compares like with like. A data sheet tells peaks of which programs reach a part; where some devices of a class are
 * measured, the others count by their sheets times the part that these reached (the median). A device that is not
 * measured is then kept on its side of measured ones of the same product line: never above one that is at least level
 * with it in generation and tier, never below one that it is level with.
 */
export function comparableSpeeds(
  devices: readonly Device[],
): (device: Device, operation: string, precision: Precision) => ComparableSpeed {
  const references = new Map<string, readonly Reference[]>();
  return (device, operation, precision) => {
    const own = ownSpeedOf(device, operation, precision);
    if (own !== undefined) {
      return { ...own, comparable: own.value, isMeasuredScale: own.basis === 'measured' };
    }
    const speed = modelSpeedOf(device, operation, precision);
    if (speed.unit === 'relative' || device.class === 'cpu' || device.software) {
      return { ...speed, comparable: speed.value, isMeasuredScale: false };
    }
    const key = `${operation}/${precision}`;
    const measured = references.get(key) ?? referencesFor(devices, operation, precision);
    references.set(key, measured);
    const peers = measured.filter(
      (each) => each.device.class === device.class && each.efficiency !== undefined,
    );
    if (peers.length === 0) {
      const factor = measured.length > 0 ? typicalEfficiency : 1;
      return { ...speed, comparable: speed.value * factor, isMeasuredScale: false };
    }
    const expected = speed.value * median(peers.map(({ efficiency = 0 }) => efficiency));
    return { ...speed, comparable: between(expected, device, peers), isMeasuredScale: true };
  };
}

interface Reference {
  readonly device: Device;
  readonly value: number;
  /** Of what its model should do; undefined where nothing is known of that or the two do not fit together. */
  readonly efficiency: number | undefined;
}

function referencesFor(
  devices: readonly Device[],
  operation: string,
  precision: Precision,
): readonly Reference[] {
  return devices.flatMap((device): Reference[] => {
    const own = ownSpeedOf(device, operation, precision);
    if (own?.basis !== 'measured') return [];
    const model = modelSpeedOf(device, operation, precision);
    const part = own.value / model.value;
    const fits =
      device.class !== 'cpu' && model.unit === own.unit && part >= leastEfficiency && part <= mostEfficiency;
    return [{ device, value: own.value, efficiency: fits ? part : undefined }];
  });
}

function between(value: number, device: Device, peers: readonly Reference[]): number {
  const place = standingOf(device);
  if (place === undefined) return value;
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  for (const peer of peers) {
    const other = standingOf(peer.device);
    if (other === undefined) continue;
    if (isLevelWith(place, other)) low = Math.max(low, peer.value);
    if (isLevelWith(other, place)) high = Math.min(high, peer.value);
  }
  return Math.min(high, Math.max(low, value));
}

/** Of the same line, and not below in generation or tier. */
function isLevelWith(a: Place, b: Place): boolean {
  return a.line === b.line && a.generation >= b.generation && a.tier >= b.tier;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
