import fc from 'fast-check';
import { type StrategyName, strategies } from '../../../../src/core/strategies/index.js';
import type { WorkloadProfile } from '../../../../src/core/workload/profile.js';
import { device, GiB, gpu, slots, suite } from '../../cluster.js';
import type { Referee } from '../../referee.js';
import { scriptsOf } from '../../scripts.js';
import { type Script, virtualRun } from '../../virtual-run.js';

const scripts = scriptsOf(0, 25);
const anyDevice = (['cpu', 'gpu', 'npu'] as const).map((name) => ({ class: name, count: 1 }));

/** What every strategy must hold. Each strategy has a test file of its own, so that they run beside each other. */
export function strategyContract(name: StrategyName): void {
  const strategy = strategies[name];

  test('goes by the name it is registered under', () => {
    expect(strategy.name).toBe(name);
  });

  test('every suite comes to one end, and nothing is placed where it must not be', () => {
    fc.assert(
      fc.property(scripts, (script) => {
        const { events, referee } = virtualRun(strategy, script);
        const queued = events.flatMap((event) => (event.type === 'suite-queued' ? [event.suite.id] : []));
        expect([...referee.ends.keys()].sort()).toEqual(queued.sort());
        expect(events.filter(({ type }) => type === 'run-ended')).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
  });

  test('nor in long runs, where room is kept for some', () => {
    fc.assert(
      fc.property(scriptsOf(80, 120), (script) => {
        const { referee } = virtualRun(strategy, script);
        expect(referee.pending).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  test('nor where suites take far longer than expected, and get second attempts', () => {
    let second = 0;
    const check = () =>
      fc.assert(
        fc.property(scriptsOf(1, 8), (script) => {
          const suites = script.suites.map(({ suite: each, atMs }) => ({
            suite: suite(each.id, { hardware: anyDevice, locks: each.profile.locks }),
            atMs,
          }));
          const history = suites.flatMap(({ suite: { id } }) =>
            ['cpu', 'gpu', 'npu'].map((deviceKind) => ({ suiteId: id, deviceKind, durationMs: 100 })),
          );
          const { events, referee } = virtualRun(strategy, { ...script, suites, history });
          second += events.filter((event) => event.type === 'suite-started' && event.speculative).length;
          expect(referee.pending).toEqual([]);
        }),
        { numRuns: 200 },
      );
    // Few scripts are slow enough: once in some hundred times none of them is.
    for (let round = 0; round < 3 && second === 0; round++) check();
    expect(second).toBeGreaterThan(0);
  });

  test('something runs whenever something can', () => {
    fc.assert(
      fc.property(scripts, (script) => {
        virtualRun(strategy, script, (referee, opened) => {
          if (opened && referee.running.length === 0) expect(couldStart(referee)).toEqual([]);
        });
      }),
      { numRuns: 200 },
    );
  });

  test('decides the same again', () => {
    fc.assert(
      fc.property(scripts, (script) => {
        expect(virtualRun(strategy, script).events).toEqual(virtualRun(strategy, script).events);
      }),
      { numRuns: 50 },
    );
  });

  test('learned memory stays in the budget', () => {
    const history = fc.array(
      fc.record({ suite: fc.nat(24), peakMemoryBytes: fc.integer({ min: 0, max: 9 * GiB }) }),
    );
    fc.assert(
      fc.property(scripts, history, (script, seen) => {
        const observations = seen.map(({ suite: index, peakMemoryBytes }) => ({
          suiteId: `s${index}`,
          deviceKind: 'cpu',
          durationMs: 10,
          peakMemoryBytes,
        }));
        virtualRun(strategy, { ...script, history: observations });
      }),
      { numRuns: 100 },
    );
  });

  test.each<[string, Partial<WorkloadProfile>, readonly Partial<WorkloadProfile>[], number]>([
    ['exclusive', { exclusive: true }, [{}], 50],
    ['all CPU threads', { cpuThreads: 99 }, [{}], 50],
    ['most of the memory', { hostMemoryBytes: 7 * GiB }, [{ hostMemoryBytes: 2 * GiB }], 50],
    ['locks that others take by turns', { locks: ['a', 'b'] }, [{ locks: ['a'] }, { locks: ['b'] }], 50],
    ['the lowest priority', { priority: 1 }, [{ priority: 5 }], 350],
    [
      'most of a device',
      { hardware: [{ class: 'gpu', count: 1 }], minMemoryBytes: 5 * GiB },
      [{ hardware: [{ class: 'gpu', count: 1 }], minMemoryBytes: 2 * GiB }],
      50,
    ],
  ])('a suite that wants %s does not starve in a stream of small ones', (_case, big, small, limit) => {
    const stream = Array.from({ length: limit + 60 }, (_, index) => ({
      suite: suite(`small${index}`, small[index % small.length]),
      // A little more than three workers can do.
      atMs: index < 9 ? 0 : Math.floor(index * 1.8),
    }));
    const script: Script = {
      slots: slots({ workers: 3, devices: [device(), { ...gpu, shares: 3 }] }),
      suites: [...stream, { suite: suite('big', big), atMs: 1 }],
      outcomes: [7, 5, 6].map((durationMs) => ({ status: 'passed', durationMs })),
    };
    const { events } = virtualRun(strategy, script);
    const started = events.flatMap((event) =>
      event.type === 'suite-started' ? [event.placement.suiteId] : [],
    );
    expect(started.indexOf('big')).toBeLessThan(limit);
  });
}

function couldStart(referee: Referee): readonly string[] {
  return referee.pending.flatMap((pending) =>
    referee.freeSlots
      .filter((slot) => referee.mayStartWithPartners(pending, slot, referee.isRequeued(pending.id)))
      .map((slot) => `${pending.id} on ${slot.id}`),
  );
}
