import type { Permit } from '../machine/permits.js';
import type { BacklogGroup } from './backlog-group.js';
import type { Reservation } from './reservation.js';
import type { RunState } from './run-state.js';
import type { Speculation } from './speculation.js';
import { comesBefore } from './turn.js';

/** What a run needs of a machine that it shares with other runs (`machine-shared`). */
export interface PermitDemand {
  /** Of all pending suites and second attempts. */
  readonly needed: readonly Permit[];
  /** What is to be asked for now. */
  readonly requested: readonly Permit[];
}

/**
 * A whole machine (`@exclusive`) is requested only when nothing runs and such a suite is to run first, because everything
 * else then has to stop.
 */
export function permitDemandOf(
  state: RunState,
  reservation: Reservation,
  speculation: Speculation,
): PermitDemand {
  const { backlog, attempts, opened, speculates, nowMs } = state;
  const second = opened && speculates ? speculation.permits(nowMs) : [];
  const needed = [...backlog.permits, ...second];
  if (!needed.some((permit) => permit.exclusive)) return { needed, requested: needed };
  const others = needed.filter((permit) => !permit.exclusive);
  for (const { claim } of attempts.all) {
    return { needed, requested: claim.exclusive ? [] : others };
  }
  const { beneficiary = firstInTurn(backlog.groups) } = reservation;
  const alone = beneficiary?.permits.filter((permit) => permit.exclusive) ?? [];
  return { needed, requested: alone.length > 0 ? alone.slice(0, 1) : others };
}

/** The group, among those that need a permit, whose head is earliest in the queue. */
function firstInTurn(groups: Iterable<BacklogGroup>): BacklogGroup | undefined {
  let first: BacklogGroup | undefined;
  for (const group of groups) {
    if (group.permits.length === 0) continue;
    if (first === undefined || comesBefore(group.head.turn, first.head.turn)) first = group;
  }
  return first;
}
