/** Instances of the planner as scenarios for the simulator, where what really happens departs from what is known. */
import { randomFrom } from './instances.mjs';

/**
 * A tenth of the suites unknown, true durations off by a log-normal factor.
 * @param {(timings: import('./instances.mjs').Timings, seed: number) => import('./instances.mjs').PlanInstance} make
 * @param {import('./instances.mjs').Timings} timings
 * @param {number} seed
 * @param {number} sigma Of the logarithm of the factor.
 * @param {number} [slowShare] Share of the suites that take ten times as long. Default 0.
 */
export function onlineScenario(make, timings, seed, sigma, slowShare = 0) {
  const random = randomFrom(seed + 500_000);
  const slow = randomFrom(seed + 600_000);
  const scenario = scenarioOf(make(timings, seed), timings.ids);
  return {
    ...scenario,
    seed,
    suites: scenario.suites.map((suite) => {
      const noise = Math.exp(sigma * random.normal()) * (slow.next() < slowShare ? 10 : 1);
      const isUnknown = random.next() < 0.1;
      const by = (of) =>
        Object.fromEntries(Object.entries(suite.durationMs).map(([type, ms]) => [type, of(ms)]));
      return {
        ...suite,
        durationMs: isUnknown ? by(() => null) : suite.durationMs,
        actualMs: by((ms) => Math.max(1, Math.round(ms * noise))),
      };
    }),
  };
}

/** An instance as a scenario, with the scenario's defaults filled in. */
export function scenarioOf({ machines, pools, suites }, ids = suites.map(({ id }) => id)) {
  return {
    version: 1,
    machines,
    seed: 0,
    sigma: 0,
    slots: pools.map(({ name, slots, machine }) => ({
      type: name,
      count: slots,
      class: name === 'gpu' || name === 'npu' ? name : 'cpu',
      machine: machines[machine].name,
    })),
    suites: suites.map(({ durationMs, hostMemoryBytes = 0, devices = 1 }, index) => ({
      id: ids[index],
      durationMs: Object.fromEntries(
        durationMs.flatMap((ms, pool) => (ms === Number.POSITIVE_INFINITY ? [] : [[pools[pool].name, ms]])),
      ),
      memoryBytes: hostMemoryBytes,
      devices,
      locks: [],
      exclusive: false,
      priority: 3,
      workload: 'general',
    })),
  };
}
