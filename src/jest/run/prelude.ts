import type { Happening } from '../../core/events.js';
import { type Machine, slotsOf } from '../../core/machine/machine.js';
import type { PreparedSuite } from '../suites.js';
import { isSelected, type OnlyClasses } from './selection.js';

/** One event a suite: queued, not selected, or invalid. @param failedLast Ids of suites whose last run failed. */
export function suitesTold(
  suites: readonly PreparedSuite[],
  only: OnlyClasses,
  failedLast: ReadonlySet<string>,
): readonly Happening[] {
  return suites.map((prepared): Happening => {
    const { id: suiteId } = prepared;
    if ('problems' in prepared) return { type: 'suite-invalid', suiteId, problems: prepared.problems };
    if (only !== undefined && !isSelected(prepared.suite.profile, only)) {
      const reason = `not selected by JEST_HARDWARE_ONLY=${only.join(',')}`;
      return { type: 'suite-not-selected', suiteId, reason };
    }
    const suite = { ...prepared.suite, ...(failedLast.has(suiteId) && { failedLast: true as const }) };
    return { type: 'suite-queued', suite };
  });
}

/** The machine and its slots. @param workers How many suites may run at once. @param more See {@link slotsOf}. */
export function machineTold(machine: Machine, workers: number, more: number): readonly Happening[] {
  const slots = slotsOf(machine, workers, more);
  return [{ type: 'machine-known', machine }, ...slots.map((slot): Happening => ({ type: 'slot-up', slot }))];
}
