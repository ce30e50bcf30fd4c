import type { PageAttempt, PageData, PageGroup, PageSuite } from '../formats/html/page-data.js';
import type { SuiteOutcome } from '../summary/suites.js';

/** One attempt on one lane of the timeline. */
export interface Bar {
  readonly suite: PageSuite;
  readonly attempt: PageAttempt;
  readonly lane: number;
}

/** The run, with what the page looks up again and again. */
export interface Run extends PageData {
  /** By lane, in the order of their starts. */
  readonly barsOf: readonly (readonly Bar[])[];
  /** Device types on which suites ran. */
  readonly usedTypes: readonly string[];
  readonly outcomes: readonly SuiteOutcome[];
  readonly workloads: readonly string[];
}

export function runOf(data: PageData): Run {
  const barsOf: Bar[][] = data.lanes.map(() => []);
  for (const suite of data.suites) {
    for (const attempt of suite.attempts) {
      for (const lane of attempt.lanes) barsOf[lane]?.push({ suite, attempt, lane });
    }
  }
  for (const bars of barsOf) bars.sort((a, b) => a.attempt.startedAtMs - b.attempt.startedAtMs);
  const used = data.lanes.filter((_, lane) => (barsOf[lane]?.length ?? 0) > 0);
  return {
    ...data,
    barsOf,
    usedTypes: [...new Set(used.map(({ type }) => type))],
    outcomes: [...new Set(data.suites.map(({ outcome }) => outcome))],
    workloads: [...new Set(data.suites.map((suite) => groupOf(data, suite)?.workload ?? 'not recorded'))],
  };
}

export function groupOf({ groups }: PageData, { group }: PageSuite): PageGroup | undefined {
  return group === undefined ? undefined : groups[group];
}

export function workloadOf(data: PageData, suite: PageSuite): string {
  return groupOf(data, suite)?.workload ?? 'not recorded';
}

/** The devices that an attempt held, each once. */
export function typesOf({ lanes }: PageData, attempt: PageAttempt | undefined): readonly string[] {
  return [...new Set(attempt?.lanes.flatMap((lane) => lanes[lane]?.type ?? []))];
}

/** The slots that an attempt held: `gpu-box/gpu0#1`. */
export function slotsText({ lanes, machines }: PageData, attempt: PageAttempt): string {
  const names = attempt.lanes.flatMap((number) => {
    const lane = lanes[number];
    return lane === undefined ? [] : [`${machines[lane.machine]?.name}/${lane.name}`];
  });
  return names.join(' + ') || 'a slot that the record does not know';
}

/** What the other suitable devices did when an attempt started. */
export function elsewhere(run: Run, { suite, attempt }: Bar): readonly string[] {
  const own = typesOf(run, attempt);
  const suitable = groupOf(run, suite)?.suitable.filter((type) => !own.includes(type)) ?? [];
  return suitable.map((type) => {
    const lanes = run.lanes.flatMap((lane, number) => (lane.type === type ? [number] : []));
    const running = lanes.map((lane) => barAt(run, lane, attempt.startedAtMs));
    const free = running.filter((bar) => bar === undefined).length;
    if (free > 0) return `${type} had ${free === 1 ? 'a free slot' : `${free} free slots`}`;
    const first = running[0];
    return `${type} was busy${first === undefined ? '' : ` with ${first.suite.id}`}`;
  });
}

/** What ran on a lane at a time. */
export function barAt(run: Run, lane: number, atMs: number): Bar | undefined {
  const bars = run.barsOf[lane] ?? [];
  const bar = bars[lastStartedBy(bars, atMs)];
  return bar !== undefined && atMs < bar.attempt.startedAtMs + bar.attempt.heldMs ? bar : undefined;
}

/** Index of the last bar that started at a time or before; -1 if none did. */
export function lastStartedBy(bars: readonly Bar[], atMs: number): number {
  let low = 0;
  let high = bars.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bars[middle]?.attempt.startedAtMs ?? 0) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
