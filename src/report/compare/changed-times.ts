import type { PastRun } from '../history/past-run.js';
import type { ComparedSuite } from './changed-suites.js';
import { type TimePair, type UsualNoise, usualNoiseOf } from './usual-noise.js';

/** A suite whose time changed by more than it usually varies. */
export interface ChangedTime {
  readonly suiteId: string;
  /** Class and model of its device, in both runs. */
  readonly deviceKind: string;
  readonly beforeMs: number;
  readonly afterMs: number;
  /** 0.2: without a change of the suite its time may be 20 % longer than before. */
  readonly usualShare: number;
  /** How many earlier runs tell how much it varies; 0: the other suites, or ± 30 % where these are few. */
  readonly earlierRuns: number;
}

/** By how much suites of a kind of device took longer together. */
export interface DeviceShift {
  readonly deviceKind: string;
  /** 1.12: 12 % longer, as the median of its suites. */
  readonly ratio: number;
  readonly suites: number;
}

interface ChangedTimes {
  readonly slower: readonly ChangedTime[];
  readonly faster: readonly ChangedTime[];
  readonly devices: readonly DeviceShift[];
}

/** Smaller changes are not worth a word. Chosen, not measured. */
const least = { ms: 100, shift: 0.05 } as const;

/** Suites that passed in both runs on the same kind of device: what failed may have ended early. */
export function changedTimes(
  pairs: readonly (readonly [before: ComparedSuite, after: ComparedSuite])[],
  past: readonly PastRun[],
): ChangedTimes {
  const earlier = earlierTimes(past);
  const byKind = new Map<string, TimePair[]>();
  for (const [before, { id, deviceKind, isPassed, timeMs }] of pairs) {
    if (deviceKind === undefined || before.deviceKind !== deviceKind) continue;
    if (!isPassed || !before.isPassed || timeMs === undefined || before.timeMs === undefined) continue;
    const pair = {
      suiteId: id,
      before: logOf(before.timeMs),
      after: logOf(timeMs),
      earlier: earlier.get(keyOf(id, deviceKind)) ?? [],
    };
    const ofKind = byKind.get(deviceKind);
    if (ofKind === undefined) byKind.set(deviceKind, [pair]);
    else ofKind.push(pair);
  }
  const changes: ChangedTime[] = [];
  const devices: DeviceShift[] = [];
  for (const [deviceKind, ofKind] of byKind) {
    const noise = usualNoiseOf(ofKind);
    const ratio = Math.exp(noise.shift);
    if (Math.abs(ratio - 1) >= least.shift) devices.push({ deviceKind, ratio, suites: ofKind.length });
    for (const pair of ofKind) {
      const found = changedTime(pair, noise);
      if (found !== undefined) changes.push({ suiteId: pair.suiteId, deviceKind, ...found });
    }
  }
  changes.sort((a, b) => Math.abs(b.afterMs - b.beforeMs) - Math.abs(a.afterMs - a.beforeMs));
  return {
    slower: changes.filter(({ beforeMs, afterMs }) => afterMs > beforeMs),
    faster: changes.filter(({ beforeMs, afterMs }) => afterMs < beforeMs),
    devices,
  };
}

function changedTime(pair: TimePair, { shift, limitOf }: UsualNoise) {
  const limit = limitOf(pair);
  const change = pair.after - pair.before;
  const [beforeMs, afterMs] = [Math.round(Math.exp(pair.before)), Math.round(Math.exp(pair.after))];
  // On a slower machine, a suite that got slower by less than the others did not get faster.
  const isOwn = Math.sign(change - shift) === Math.sign(change);
  if (!isOwn || Math.abs(change - shift) <= limit || Math.abs(afterMs - beforeMs) < least.ms)
    return undefined;
  const usualShare = Math.round((Math.exp(limit) - 1) * 100) / 100;
  return { beforeMs, afterMs, usualShare, earlierRuns: pair.earlier.length };
}

function earlierTimes(past: readonly PastRun[]): ReadonlyMap<string, readonly number[]> {
  const times = new Map<string, number[]>();
  for (const { suites, hasWholeSuites } of past) {
    if (!hasWholeSuites) continue;
    for (const { id, outcome, deviceKind, timeMs } of suites) {
      if (outcome !== 'passed' || deviceKind === undefined || timeMs === undefined) continue;
      const key = keyOf(id, deviceKind);
      const known = times.get(key);
      if (known === undefined) times.set(key, [logOf(timeMs)]);
      else known.push(logOf(timeMs));
    }
  }
  return times;
}

function keyOf(id: string, deviceKind: string): string {
  return `${deviceKind}\0${id}`;
}

function logOf(ms: number): number {
  return Math.log(Math.max(1, ms));
}
