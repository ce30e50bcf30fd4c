import type { Rejection } from '../events.js';
import type { BacklogGroup } from './backlog-group.js';
import { deviceCountOf } from './claim.js';
import { missedRequirements, neverRejection } from './feasibility.js';
import type { FleetPool, Verdict } from './fleet.js';

/** Verdicts that are kept for a slot pool: more than any project has different requirements. */
const mostVerdicts = 5000;

/** The pools on which the group's suites can run some time. None: the group is stranded. */
export function matchingPools(
  group: BacklogGroup,
  pools: Iterable<FleetPool>,
): { readonly pools: readonly FleetPool[]; readonly degraded: boolean } {
  const met = poolsThatMeet(group, pools);
  const degraded = met.length === 0 && group.policy.action === 'degrade';
  return { pools: degraded ? leastMissing([...pools], group) : met, degraded };
}

/** Why a stranded group cannot run: one rejection for each slot pool. */
export function explainStranded(group: BacklogGroup, pools: Iterable<FleetPool>): readonly Rejection[] {
  const degraded = group.policy.action === 'degrade';
  const feasible = [...pools].filter(
    (pool) => pool.setAside === undefined && verdict(pool, group, degraded).rejection === undefined,
  );
  const rejections = [...pools].flatMap(
    (pool) =>
      verdict(pool, group, degraded).rejection ??
      setAsideRejection(group, pool) ??
      tooFewDevices(group, pool, feasible) ??
      [],
  );
  if (rejections.length > 0) return rejections;
  const { hardware } = group.head.suite.profile;
  const reason = `needs ${hardware.map((alternative) => alternative.class).join(' or ')}: the run has no slots`;
  return [{ slotId: 'none', filter: 'no-slots', reason, until: 'never' }];
}

/** Pools that meet all requirements, on machines with as many such devices as each suite takes at once. */
function poolsThatMeet(group: BacklogGroup, pools: Iterable<FleetPool>): readonly FleetPool[] {
  const feasible = [...pools].filter(
    (pool) => pool.setAside === undefined && verdict(pool, group, false).rejection === undefined,
  );
  return feasible.filter((pool) => tooFewDevices(group, pool, feasible) === undefined);
}

/** With `degrade`, only the pools that miss the fewest requirements are used. */
function leastMissing(pools: readonly FleetPool[], group: BacklogGroup): readonly FleetPool[] {
  const possible = pools
    .filter((pool) => pool.setAside === undefined)
    .map((pool) => ({ pool, ...verdict(pool, group, true) }))
    .filter(({ rejection }) => rejection === undefined);
  const fewest = Math.min(...possible.map(({ missed }) => missed));
  return possible.filter(({ missed }) => missed === fewest).map(({ pool }) => pool);
}

function setAsideRejection(
  group: BacklogGroup,
  { name, device, anySlot, setAside }: FleetPool,
): Rejection | undefined {
  if (setAside === undefined) return undefined;
  const needs = group.head.suite.profile.hardware.map((alternative) => alternative.class).join(' or ');
  const isDevice = setAside.what === 'device';
  const reason = `needs ${needs}: ${isDevice ? device.id : anySlot.machine.name} is set aside, as it ${setAside.reason}`;
  const remedy = `mend it, then \`npx jest-runner-hardware devices --clear ${name}\`, for a machine of a fleet \`fleet --clear\``;
  return { slotId: name, filter: 'set-aside', reason, ...(isDevice && { remedy }), until: 'never' };
}

function tooFewDevices(
  group: BacklogGroup,
  { name, anySlot, device, siblings }: FleetPool,
  feasible: readonly FleetPool[],
): Rejection | undefined {
  const count = deviceCountOf(group.head.suite.profile, device.class);
  if (count === 1) return undefined;
  const alike = feasible.filter((pool) => siblings.has(pool) && pool.device.class === device.class).length;
  if (alike >= count) return undefined;
  const reason = `needs ${count} ${device.class} at once: ${anySlot.machine.name} has ${alike} that will do`;
  return { slotId: name, filter: 'device-count', reason, until: 'never' };
}

/** @param degraded Sets the requirements aside, keeps what cannot fit. */
function verdict(pool: FleetPool, group: BacklogGroup, degraded: boolean): Verdict {
  const key = `${degraded ? 'degraded' : 'met'} ${group.requirements}`;
  let known = pool.verdicts.get(key);
  if (known === undefined) {
    const rejection = neverRejection(group.head.suite, pool.anySlot, degraded);
    known = {
      ...(rejection && { rejection }),
      missed: degraded ? missedRequirements(group.head.suite, pool.anySlot) : 0,
    };
    // Only a scheduler that stays open can meet more requirements than that. A verdict that was dropped is computed again.
    if (pool.verdicts.size >= mostVerdicts) pool.verdicts.clear();
    pool.verdicts.set(key, known);
  }
  return known;
}
