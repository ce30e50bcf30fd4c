import { type Device, deviceKindOf, type Machine, type Slot, slotsOf } from '../../core/machine/machine.js';
import { areaBoundMs } from '../../core/planner/area-bound.js';
import { type MeasuredSuite, plannedMs } from './measured-suite.js';

/** What kept a run from being noticeably shorter, and what one more of it would give. */
export type Bottleneck =
  | {
      readonly what: 'device';
      /** `<machine>/<device>` of all devices of the kind. */
      readonly devices: readonly string[];
      /** Total time of a plan with one more of them, each suite as fast as it was, ms. */
      readonly totalMs: number;
      /** Part of the total time that this saves, 0…1. */
      readonly savedShare: number;
    }
  | {
      readonly what: 'suite';
      /** The suite that took nearly all of the time. */
      readonly suiteId: string;
      readonly durationMs: number;
    };

const tuning = {
  /** Least saving that is worth a word, as a share and in ms, as for `moreWorkersFor`. Chosen, not measured. */
  leastShare: 0.1,
  leastMs: 500,
  /** Shorter runs do not repay the work of splitting a suite. Chosen, not measured. */
  leastToSplitMs: 10_000,
} as const;

/**
 * Finds the devices of one kind, other than CPUs, of which one more would have saved the most. Where none would, it may be that
 * a single suite took nearly all of the time.
 * @param makespanMs Total time of the run.
 * @param cpuMs CPU time of all suites, which more devices do not reduce.
 * @returns Undefined when neither is so.
 */
export function bottleneckOf(
  machine: Machine,
  slots: readonly Slot[],
  suites: readonly MeasuredSuite[],
  makespanMs: number,
  cpuMs: number,
): Bottleneck | undefined {
  const longest = suites.reduce<MeasuredSuite | undefined>(
    (best, suite) => (best === undefined || heldMs(suite) > heldMs(best) ? suite : best),
    undefined,
  );
  if (longest === undefined || suites.length < 2) return undefined;
  const worthwhileMs = Math.min(makespanMs * (1 - tuning.leastShare), makespanMs - tuning.leastMs);
  if (heldMs(longest) > worthwhileMs) {
    return makespanMs < tuning.leastToSplitMs
      ? undefined
      : { what: 'suite', suiteId: longest.suite.id, durationMs: heldMs(longest) };
  }
  const [best] = acceleratorKinds(machine, slots)
    .flatMap((devices) => withOneMore(devices, machine, slots, suites, makespanMs, cpuMs))
    .toSorted((a, b) => a.totalMs - b.totalMs);
  return best !== undefined && best.totalMs <= worthwhileMs ? best : undefined;
}

function heldMs({ durationsMs }: MeasuredSuite): number {
  return Math.min(...Object.values(durationsMs));
}

/** Devices other than CPUs that suites could hold, by kind. */
function acceleratorKinds({ devices }: Machine, slots: readonly Slot[]): readonly (readonly Device[])[] {
  const held = new Set(slots.map(({ device }) => device.id));
  const kinds = new Map<string, Device[]>();
  for (const device of devices) {
    if (device.class === 'cpu' || !held.has(device.id)) continue;
    const kind = deviceKindOf(device);
    kinds.set(kind, [...(kinds.get(kind) ?? []), device]);
  }
  return [...kinds.values()];
}

function withOneMore(
  devices: readonly Device[],
  machine: Machine,
  slots: readonly Slot[],
  suites: readonly MeasuredSuite[],
  makespanMs: number,
  cpuMs: number,
): readonly (Bottleneck & { readonly what: 'device' })[] {
  const [device] = devices;
  if (device === undefined) return [];
  const { name, cpuBudget } = machine.machine;
  const typeOf = ({ id }: Device) => `${name}/${id}`;
  // No detected id has a space.
  const another = { ...device, id: `${device.id} again` };
  const workers = slots.filter(({ device: { class: deviceClass } }) => deviceClass === 'cpu').length;
  // Both have the workers that the further device needs, so that its gain is not one of workers.
  const more = (slots[0]?.machineWorkers ?? workers) - workers + (device.shares ?? 1);
  const now = slotsOf(machine, workers, more);
  const then = slotsOf({ ...machine, devices: [...machine.devices, another] }, workers, more);
  const extended = suites.map((suite): MeasuredSuite => {
    const ms = suite.durationsMs[typeOf(device)];
    return ms === undefined
      ? suite
      : { ...suite, durationsMs: { ...suite.durationsMs, [typeOf(another)]: ms } };
  });
  const leastSavedMs = Math.max(makespanMs * tuning.leastShare, tuning.leastMs);
  const durations = extended.map(({ durationsMs }) => durationsMs);
  // Most devices are no bottleneck, and the bound says so without a plan.
  if (areaBoundMs(durations, now) - areaBoundMs(durations, then) < leastSavedMs / 2) return [];
  const cpuBoundMs = cpuMs / cpuBudget;
  const nowMs = Math.min(makespanMs, Math.max(plannedMs(now, extended), cpuBoundMs));
  const savedMs = nowMs - Math.max(plannedMs(then, extended), cpuBoundMs);
  if (savedMs < leastSavedMs) return [];
  const totalMs = makespanMs - savedMs;
  return [{ what: 'device', devices: devices.map(typeOf), totalMs, savedShare: savedMs / makespanMs }];
}
