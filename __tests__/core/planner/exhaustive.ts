import type { Plan, PlanInstance, PlanSuite } from '../../../src/core/planner/plan.js';

interface Interval {
  readonly suite: PlanSuite;
  readonly pool: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** Knows the rules on its own. @throws on the first one that the plan breaks. */
export function checkPlan(instance: PlanInstance, plan: Plan): void {
  const intervals: Interval[] = [];
  instance.suites.forEach((suite, index) => {
    const pool = plan.poolOf[index] ?? -1;
    const possible = instance.pools.some((_, other) => canEverRun(instance, suite, other));
    expect(pool >= 0).toBe(possible);
    if (pool < 0) return;
    expect(canEverRun(instance, suite, pool)).toBe(true);
    const startMs = plan.startMs[index] ?? -1;
    intervals.push({ suite, pool, startMs, endMs: startMs + (suite.durationMs[pool] ?? 0) });
  });
  for (const { startMs } of intervals) {
    expect(
      fitTogether(
        instance,
        intervals.filter((each) => each.startMs <= startMs && each.endMs > startMs),
      ),
    ).toBe(true);
  }
  expect(plan.makespanMs).toBe(Math.max(0, ...intervals.map(({ endMs }) => endMs)));
}

/** By trying every order of starts on every pool: for a handful of suites. */
export function shortestMakespanMs(instance: PlanInstance): number {
  let best = Number.POSITIVE_INFINITY;
  const suites = instance.suites.filter((suite) =>
    instance.pools.some((_, pool) => canEverRun(instance, suite, pool)),
  );
  const extend = (placed: readonly Interval[], left: readonly PlanSuite[], longestMs: number) => {
    if (longestMs >= best) return;
    if (left.length === 0) {
      best = longestMs;
      return;
    }
    // An active schedule starts everything at 0 or when something ends.
    const moments = [0, ...placed.map(({ endMs }) => endMs)].sort((a, b) => a - b);
    for (const suite of left) {
      for (const pool of instance.pools.keys()) {
        if (!canEverRun(instance, suite, pool)) continue;
        const ms = suite.durationMs[pool] ?? 0;
        const startMs = moments.find((moment) => isFree(instance, placed, suite, pool, moment, ms)) ?? 0;
        extend(
          [...placed, { suite, pool, startMs, endMs: startMs + ms }],
          left.filter((other) => other !== suite),
          Math.max(longestMs, startMs + ms),
        );
      }
    }
  };
  extend([], suites, 0);
  return best === Number.POSITIVE_INFINITY ? 0 : best;
}

function isFree(
  instance: PlanInstance,
  placed: readonly Interval[],
  suite: PlanSuite,
  pool: number,
  startMs: number,
  ms: number,
) {
  const mine = { suite, pool, startMs, endMs: startMs + ms };
  const beside = placed.filter((each) => each.startMs < mine.endMs && each.endMs > startMs);
  return [startMs, ...beside.map((each) => each.startMs)]
    .filter((moment) => moment >= startMs)
    .every((moment) =>
      fitTogether(instance, [
        mine,
        ...beside.filter((each) => each.startMs <= moment && each.endMs > moment),
      ]),
    );
}

function fitTogether({ machines, pools }: PlanInstance, running: readonly Interval[]): boolean {
  const sum = (list: readonly Interval[], of: (suite: PlanSuite) => number) =>
    list.reduce((total, { suite }) => total + of(suite), 0);
  const locks = running.flatMap(({ suite }) => suite.locks ?? []);
  return (
    new Set(locks).size === locks.length &&
    pools.every(({ slots }, index) => {
      const here = running.filter(({ pool }) => pool === index);
      // One slot a device in these instances: what takes memory of the device has it for itself.
      return sum(here, ({ devices = 1 }) => devices as number) <= slots;
    }) &&
    machines.every(({ workers, cpuThreads, memoryBytes }, index) => {
      const here = running.filter(({ pool }) => pools[pool]?.machine === index);
      return (
        here.length <= workers &&
        sum(here, (suite) => suite.cpuThreads ?? 1) <= cpuThreads &&
        sum(here, ({ hostMemoryBytes = 0 }) => hostMemoryBytes) <= memoryBytes &&
        !(here.length > 1 && here.some(({ suite }) => suite.exclusive))
      );
    })
  );
}

function canEverRun({ machines, pools }: PlanInstance, suite: PlanSuite, index: number): boolean {
  const pool = pools[index];
  const machine = machines[pool?.machine ?? -1];
  const { hostMemoryBytes = 0, deviceMemoryBytes = 0, cpuThreads = 1, devices = 1 } = suite;
  return (
    pool !== undefined &&
    machine !== undefined &&
    Number.isFinite(suite.durationMs[index]) &&
    hostMemoryBytes <= machine.memoryBytes &&
    cpuThreads <= machine.cpuThreads &&
    deviceMemoryBytes <= (pool.deviceMemoryBytes ?? 0) &&
    devices <= pool.slots
  );
}
