import { type FaultName, faultNames, type RunEvent } from '../../core/events.js';
import type { Slot } from '../../core/machine/machine.js';
import { neverRejection } from '../../core/scheduler/feasibility.js';
import { counted } from '../text/counted.js';
import type { SuiteSummary } from './suites.js';

/** What the option `chaos` did to a run, and what came of it. */
export interface ChaosSummary {
  readonly seed: number;
  /** How often each fault was injected. */
  readonly faults: Readonly<Partial<Record<FaultName, number>>>;
  /** How many suites Jest handed over; left out where the events stop before they were counted. */
  readonly suites?: number;
  /** Suites that Jest was given no result for, and those it was given several for. */
  readonly none: readonly string[];
  readonly several: readonly string[];
  /** Suites without a result of their own, for which injected faults are the only cause. */
  readonly failedSuites: readonly string[];
}

/** @returns Undefined for a run without the option. */
export function summariseChaos(
  events: readonly RunEvent[],
  suites: readonly SuiteSummary[],
): ChaosSummary | undefined {
  const chaos = events.find((event) => event.type === 'run-started')?.chaos;
  if (chaos === undefined) return undefined;
  const injected = events.filter((event) => event.type === 'fault-injected');
  const results = events.find((event) => event.type === 'results-counted');
  const counts = faultNames.map((name) => [name, injected.filter(({ fault }) => fault === name).length]);
  const blame = new Blame(events);
  return {
    seed: chaos.seed,
    faults: Object.fromEntries(counts.filter(([, count]) => count !== 0)),
    ...(results !== undefined && { suites: results.suites }),
    none: results?.none ?? [],
    several: results?.several ?? [],
    failedSuites: suites.filter((suite) => blame.isFor(suite)).map(({ id }) => id),
  };
}

/** `7 faults in 120 suites (seed 1): 3 killed, 4 slowed down; every suite has one result`. */
export function chaosText(chaos: ChaosSummary): string {
  const { seed, faults, suites } = chaos;
  const named = faultNames.flatMap((name) => {
    const count = faults[name];
    return count === undefined ? [] : [`${count} ${participles[name]}`];
  });
  const total = Object.values(faults).reduce((sum, count) => sum + count, 0);
  const where = suites === undefined ? '' : ` in ${counted(suites, 'suite')}`;
  const what = `${total === 0 ? 'no faults' : counted(total, 'fault')}${where} (seed ${seed})`;
  const wrong = miscountsOf(chaos);
  const verdict = wrong.length > 0 ? wrong : suites === undefined ? [] : ['every suite has one result'];
  return [`${what}${named.length === 0 ? '' : `: ${named.join(', ')}`}`, ...verdict].join('; ');
}

/** What is wrong with the results that Jest was given, a clause each. */
export function miscountsOf({ none, several }: ChaosSummary): readonly string[] {
  return [
    ...(none.length === 0 ? [] : [`no result of ${none.join(', ')}`]),
    ...(several.length === 0 ? [] : [`several results of ${several.join(', ')}`]),
  ];
}

const participles = {
  kill: 'killed',
  hang: 'hung',
  slow: 'slowed down',
  'lose-machine': 'lost machine',
  'revoke-device': 'revoked device',
  'full-disk': 'without disk space',
  drop: 'dropped',
  double: 'doubled',
  delay: 'delayed',
} satisfies Readonly<Record<FaultName, string>>;

/** Whether a suite has no result but what faults have led to, and each of its attempts was ended by one that was injected. */
class Blame {
  /** `<suite> <attempt>` of attempts whose process was killed or stopped, and of those that found the disk full. */
  readonly #struck = new Set<string>();
  readonly #filled = new Set<string>();
  /** Machines that were cut off, and slots that were taken away so, or by revoking their device. */
  readonly #cut = new Set<string>();
  readonly #taken: Slot[] = [];
  readonly #slots = new Map<string, Slot>();
  readonly #events: readonly RunEvent[];

  constructor(events: readonly RunEvent[]) {
    this.#events = events;
    for (const event of events) {
      if (event.type === 'slot-up') this.#slots.set(event.slot.id, event.slot);
      if (event.type !== 'fault-injected') continue;
      const { fault, suiteId, attempt, machine = '', deviceId } = event;
      if (fault === 'kill' || fault === 'hang') this.#struck.add(`${suiteId} ${attempt}`);
      if (fault === 'full-disk') this.#filled.add(`${suiteId} ${attempt}`);
      if (fault === 'lose-machine') this.#cut.add(machine);
      const isTaken = ({ machine: { name }, device }: Slot) =>
        name === machine &&
        (fault === 'lose-machine' || (fault === 'revoke-device' && device.id === deviceId));
      this.#taken.push(...[...this.#slots.values()].filter(isTaken));
    }
  }

  isFor({ id, outcome, attempts }: SuiteSummary): boolean {
    if (outcome === 'lost' || outcome === 'timed-out') {
      return attempts.every(({ attempt, slotId, lostWithMachine = false }) => {
        const machine = this.#slots.get(slotId)?.machine.name ?? '';
        return this.#struck.has(`${id} ${attempt}`) || (lostWithMachine && this.#cut.has(machine));
      });
    }
    if (outcome === 'failed') {
      return attempts.every(
        ({ attempt, deviceFault }) =>
          deviceFault?.kind === 'full-disk' && this.#filled.has(`${id} ${attempt}`),
      );
    }
    if (outcome !== 'unplaceable-failed') return false;
    const queued = this.#events.find((event) => event.type === 'suite-queued' && event.suite.id === id);
    return (
      queued?.type === 'suite-queued' &&
      this.#taken.some((slot) => neverRejection(queued.suite, slot, false) === undefined)
    );
  }
}
