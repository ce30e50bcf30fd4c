import type { RunEvent } from '../../../core/events.js';
import type { Slot } from '../../../core/machine/machine.js';
import { neverRejection } from '../../../core/scheduler/feasibility.js';
import { printableLines } from '../../../core/vocabulary/printable.js';
import { formatBytes } from '../../../core/vocabulary/units.js';
import type { AttemptSummary } from '../../summary/attempts.js';
import { clausesWithChange, type SuiteSummary } from '../../summary/suites.js';
import type { RunSummary } from '../../summary/summary.js';
import { estimateText } from '../../text/estimate.js';
import type { ReportedRun } from '../format.js';
import { notesOf } from '../notes.js';
import { isPassing } from './outcome-ranks.js';
import type { PageAttempt, PageData, PageGroup, PageLane, PageSuite } from './page-data.js';
import { pageHistoryOf } from './page-history.js';
import { pageMachinesOf } from './page-machines.js';

/** Longer texts (names, reasons) are shortened: a page has to stay readable. Characters. */
const longestText = 4000;

/** Everything that the page shows. Texts hold no control or direction characters. */
export function pageDataOf({ summary, events, past }: ReportedRun, simulated = false): PageData {
  const history = past && pageHistoryOf(past());
  const slots = slotsIn(events);
  const lanes = lanesOf(slots, summary);
  const groups = new Groups(slots);
  const bases = new Numbers<string>();
  const starts = startsIn(events);
  const groupOf = new Map<string, number>();
  for (const event of events) {
    if (event.type === 'suite-queued') groupOf.set(event.suite.id, groups.numberOf(event.suite));
  }
  const laneOf = new Map([...slots.keys()].map((slotId, index) => [slotId, index]));

  const pageAttempt = (suiteId: string, attempt: AttemptSummary): PageAttempt => {
    const start = starts.get(startKey(suiteId, attempt.slotId, attempt.attempt));
    const held = [attempt.slotId, ...(start?.placement.partnerSlotIds ?? [])];
    const measured = Object.values(attempt.energy).filter(({ basis }) => basis === 'measured');
    const reservedBytes = start?.placement.claim.hostMemoryBytes ?? 0;
    return {
      lanes: held.flatMap((slotId) => laneOf.get(slotId) ?? []),
      status: attempt.status,
      startedAtMs: attempt.startedAtMs,
      heldMs: attempt.heldMs,
      ...(start && {
        expectedMs: start.placement.estimate.durationMs,
        basis: bases.numberOf(estimateText(start.placement.estimate)),
      }),
      ...(attempt.peakMemoryBytes !== undefined && { peakBytes: attempt.peakMemoryBytes }),
      ...(reservedBytes > 0 && { reservedBytes }),
      ...(attempt.executedTests !== undefined && { tests: attempt.executedTests }),
      ...(measured.length > 0 && { joules: measured.reduce((sum, { joules }) => sum + joules, 0) }),
      ...(attempt.degraded && { degraded: true }),
      ...(start?.speculative === true && { isSecond: true }),
      ...(attempt.cause !== undefined && { cause: attempt.cause }),
      ...(attempt.failures && { failures: attempt.failures }),
      ...(attempt.moreFailures !== undefined && { moreFailures: attempt.moreFailures }),
    };
  };
  const pageSuite = (suite: SuiteSummary): PageSuite => {
    const { id, outcome, waitedMs, waitedFor } = suite;
    const reasons = clausesWithChange(suite);
    const group = groupOf.get(id);
    return {
      id,
      outcome,
      ...(group !== undefined && { group }),
      attempts: suite.attempts.map((attempt) => pageAttempt(id, attempt)),
      ...(reasons.length > 0 && { reasons }),
      ...(waitedMs !== undefined && { waitedMs }),
      ...(waitedFor !== undefined && { waitedFor }),
      ...(!isPassing(outcome) && { command: commandFor(id) }),
    };
  };

  const openedAtMs = events.find(({ type }) => type === 'run-opened')?.atMs ?? 0;
  return shown({
    ...(simulated && { simulated }),
    openedAtMs,
    endedAtMs: openedAtMs + summary.makespanMs,
    ...(summary.bound && { bestEndAtMs: openedAtMs + summary.bound.ms }),
    machines: pageMachinesOf(summary, events),
    lanes,
    suites: summary.suites.map(pageSuite),
    groups: groups.all,
    bases: bases.all,
    ...(history && { past: history }),
    notes: notesOf(summary).map(({ label, text, suiteIds }) => ({ label, text, suiteIds })),
  });
}

/** Repeats one suite. Names of suites of several projects are `<project> › <path>`. */
function commandFor(id: string): string {
  const [path = id, project] = id.split(' › ').reverse();
  return `npx jest ${quoted(path)}${project === undefined ? '' : ` --selectProjects ${quoted(project)}`}`;
}

function quoted(text: string): string {
  return /^[\w./@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function slotsIn(events: readonly RunEvent[]): ReadonlyMap<string, Slot> {
  return new Map(
    events.flatMap((event) => (event.type === 'slot-up' ? [[event.slot.id, event.slot] as const] : [])),
  );
}

function lanesOf(slots: ReadonlyMap<string, Slot>, { machines }: RunSummary): readonly PageLane[] {
  const numberOf = new Map(machines.map(({ name }, index) => [name, index]));
  return [...slots.values()].map(({ id, type, machine: { name } }) => ({
    machine: numberOf.get(name) ?? 0,
    type,
    name: id.startsWith(`${name}/`) ? id.slice(name.length + 1) : id,
  }));
}

type Start = Extract<RunEvent, { type: 'suite-started' }>;

function startsIn(events: readonly RunEvent[]): ReadonlyMap<string, Start> {
  return new Map(
    events.flatMap((event) =>
      event.type === 'suite-started'
        ? [[startKey(event.placement.suiteId, event.placement.slotId, event.attempt), event] as const]
        : [],
    ),
  );
}

function startKey(suiteId: string, slotId: string, attempt: number): string {
  return `${attempt} ${slotId} ${suiteId}`;
}

/** Gives equal values equal numbers. */
class Numbers<Value> {
  readonly all: Value[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(key: string, make: () => Value = () => key as Value): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.all.length);
    return this.all.push(make()) - 1;
  }
}

type Queued = Extract<RunEvent, { type: 'suite-queued' }>['suite'];

/** Suites of one profile are refused at the same places. */
class Groups {
  readonly #numbers = new Numbers<PageGroup>();
  readonly #pools: readonly Slot[];

  constructor(slots: ReadonlyMap<string, Slot>) {
    this.#pools = [...new Map([...slots.values()].map((slot) => [slot.type, slot])).values()];
  }

  get all(): readonly PageGroup[] {
    return this.#numbers.all;
  }

  numberOf(suite: Queued): number {
    return this.#numbers.numberOf(JSON.stringify(suite.profile), () => {
      const refusals = this.#pools.map((slot) => ({
        type: slot.type,
        reason: neverRejection(suite, slot, false)?.reason,
      }));
      return {
        workload: suite.profile.workload,
        asks: asksOf(suite),
        rejected: refusals.flatMap(({ type, reason }) =>
          reason === undefined ? [] : [[type, reason] as const],
        ),
        suitable: refusals.flatMap(({ type, reason }) => (reason === undefined ? [type] : [])),
      };
    });
  }
}

function asksOf({ profile }: Queued): string {
  const { hardware, backends, features, precisions, minMemoryBytes, exclusive, locks } = profile;
  return [
    hardware
      .map(({ class: deviceClass, count }) => (count === 1 ? deviceClass : `${deviceClass}:${count}`))
      .join(' or '),
    ...backends.map((word) => `backend ${word}`),
    ...features.map((word) => `feature ${word}`),
    ...(precisions.length === 0 ? [] : [precisions.join(' or ')]),
    ...(minMemoryBytes === 0 ? [] : [`${formatBytes(minMemoryBytes)} on the device`]),
    ...locks.map((lock) => `lock ${lock}`),
    ...(exclusive ? ['the machine for itself'] : []),
  ]
    .filter((text) => text !== '')
    .join(', ');
}

/** Texts as they may be shown; fields' names are ours. */
function shown<Value>(value: Value): Value {
  if (typeof value === 'string') return shownText(value) as Value;
  if (Array.isArray(value)) return value.map(shown) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, shown(entry)])) as Value;
}

/** Nearly all names are plain, and need no second look. */
const plain = /^[\w ./@()%,+-]{0,500}$/;

function shownText(text: string): string {
  if (plain.test(text)) return text;
  return printableLines(text.length <= longestText ? text : `${text.slice(0, longestText)}… (shortened)`);
}
