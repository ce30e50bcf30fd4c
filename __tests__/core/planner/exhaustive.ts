import type { Plan, PlanProblem, PlanSuite } from '../../../src/core/planner/plan.js';

interface Interval {
  readonly suite: PlanSuite;
  readonly type: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** Knows the rules on its own. @throws on the first one that the plan breaks. */
export function checkPlan(problem: PlanProblem, plan: Plan): void {
  const intervals: Interval[] = [];
  problem.suites.forEach((suite, index) => {
    const type = plan.typeOf[index] ?? -1;
    const possible = problem.types.some((_, other) => canEverRun(problem, suite, other));
    expect(type >= 0).toBe(possible);
    if (type < 0) return;
    expect(canEverRun(problem, suite, type)).toBe(true);
    const startMs = plan.startMs[index] ?? -1;
    intervals.push({ suite, type, startMs, endMs: startMs + (suite.durationMs[type] ?? 0) });
  });
  for (const { startMs } of intervals) {
    expect(
      fitTogether(
        problem,
        intervals.filter((each) => each.startMs <= startMs && each.endMs > startMs),
      ),
    ).toBe(true);
  }
  expect(plan.makespanMs).toBe(Math.max(0, ...intervals.map(({ endMs }) => endMs)));
}

/** By trying every order of starts on every type: for a handful of suites. */
export function shortestMakespanMs(problem: PlanProblem): number {
  let best = Number.POSITIVE_INFINITY;
  const suites = problem.suites.filter((suite) =>
    problem.types.some((_, type) => canEverRun(problem, suite, type)),
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
      for (const type of problem.types.keys()) {
        if (!canEverRun(problem, suite, type)) continue;
        const ms = suite.durationMs[type] ?? 0;
        const startMs = moments.find((moment) => isFree(problem, placed, suite, type, moment, ms)) ?? 0;
        extend(
          [...placed, { suite, type, startMs, endMs: startMs + ms }],
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
  problem: PlanProblem,
  placed: readonly Interval[],
  suite: PlanSuite,
  type: number,
  startMs: number,
  ms: number,
) {
  const mine = { suite, type, startMs, endMs: startMs + ms };
  const beside = placed.filter((each) => each.startMs < mine.endMs && each.endMs > startMs);
  return [startMs, ...beside.map((each) => each.startMs)]
    .filter((moment) => moment >= startMs)
    .every((moment) =>
      fitTogether(problem, [mine, ...beside.filter((each) => each.startMs <= moment && each.endMs > moment)]),
    );
}

function fitTogether({ machines, types }: PlanProblem, running: readonly Interval[]): boolean {
  const sum = (list: readonly Interval[], of: (suite: PlanSuite) => number) =>
    list.reduce((total, { suite }) => total + of(suite), 0);
  const locks = running.flatMap(({ suite }) => suite.locks ?? []);
  return (
    new Set(locks).size === locks.length &&
    types.every(({ slots }, index) => {
      const here = running.filter(({ type }) => type === index);
      // One slot a device in these problems: what takes memory of the device has it for itself.
      return sum(here, ({ devices = 1 }) => devices as number) <= slots;
    }) &&
    machines.every(({ workers, cpuThreads, memoryBytes }, index) => {
      const here = running.filter(({ type }) => types[type]?.machine === index);
      return (
        here.length <= workers &&
        sum(here, (suite) => suite.cpuThreads ?? 1) <= cpuThreads &&
        sum(here, ({ hostMemoryBytes = 0 }) => hostMemoryBytes) <= memoryBytes &&
        !(here.length > 1 && here.some(({ suite }) => suite.exclusive))
      );
    })
  );
}

function canEverRun({ machines, types }: PlanProblem, suite: PlanSuite, index: number): boolean {
  const type = types[index];
  const machine = machines[type?.machine ?? -1];
  const { hostMemoryBytes = 0, deviceMemoryBytes = 0, cpuThreads = 1, devices = 1 } = suite;
  return (
    type !== undefined &&
    machine !== undefined &&
    Number.isFinite(suite.durationMs[index]) &&
    hostMemoryBytes <= machine.memoryBytes &&
    cpuThreads <= machine.cpuThreads &&
    deviceMemoryBytes <= (type.deviceMemoryBytes ?? 0) &&
    devices <= type.slots
  );
}
