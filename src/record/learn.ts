import type { RunEvent, RunStarted, SuiteEnded } from '../core/events.js';
import { deviceKindOf } from '../core/machine/machine.js';
import {
  type DeviceHistory,
  expectedMs,
  type History,
  kindUnder,
  needsOf,
  type Reversion,
  type SuiteHistory,
} from './history.js';
import { withRun } from './measured-watts.js';

/** How many runs a history remembers by id; learning one of them again changes nothing. */
export const runsRemembered = 100;

/** A suite that this many whole runs in a row did not contain is forgotten. */
export const forgottenAfterRuns = 10;

/** After a lower peak of memory, the remembered one sinks to this share of itself. */
const peakDecay = 0.9;

/** α of the exponentially weighted moving average (EWMA) of durations, which is taken of their logarithms. */
const newestWeight = 0.3;

/** With every run, what is known of mean reversion sinks to this share of itself: older runs count less. */
const reversionDecay = 0.8;

/**
 * Winsorising: a duration that is further from the expected one than this factor counts as this far. A busy machine or a
 * cold cache must not spoil what was learned; where the suite really changed, the next run confirms it. Of real timings,
 * 1 in 1,000 is off by more than a factor of 8.
 */
const believedFactor = 16;

const unknownSuite: SuiteHistory = { devices: new Map(), failedLast: false, missedRuns: 0 };

/**
 * The history with one run added. Durations and memory come from passed attempts of runs without `-t`, path patterns
 * or the like, those under coverage apart; any run tells which suites failed last.
 * @param events Of one run; what a killed run left behind counts as far as it goes.
 */
export function learn(history: History, events: readonly RunEvent[]): History {
  const run = events.find((event) => event.type === 'run-started');
  if (run === undefined || history.learnedRuns.includes(runIdOf(run))) return history;

  const suites = aged(history.suites, run, events);
  const reversion = new MeanReversion(history.reversion);
  const kinds = new Map<string, string>();
  const needs = new Map<string, SuiteHistory['needs']>();
  for (const event of events) {
    if (event.type === 'slot-up')
      kinds.set(event.slot.id, kindUnder(run.coverage, deviceKindOf(event.slot.device)));
    if (event.type === 'suite-queued') needs.set(event.suite.id, needsOf(event.suite.profile));
    if (event.type !== 'suite-ended') continue;
    const { needs: old, ...known } = suites.get(event.suiteId) ?? unknownSuite;
    // A run of some classes alone narrows what its suites ask for.
    const isNarrowed = run.only !== undefined && suites.has(event.suiteId);
    const asked = isNarrowed ? old : needs.get(event.suiteId);
    const before = asked === undefined ? known : { ...known, needs: asked };
    const after = withAttempt(before, event, run.filtered ? undefined : kinds.get(event.slotId), reversion);
    if (after.failedLast || after.devices.size > 0) suites.set(event.suiteId, after);
    else suites.delete(event.suiteId);
  }
  const { repeatable: _over, ...rest } = history;
  return {
    ...rest,
    learnedRuns: [...history.learnedRuns, runIdOf(run)].slice(-runsRemembered),
    suites,
    reversion: reversion.sum,
    watts: withRun(history.watts, events),
  };
}

/** Shards of one run may start in the same millisecond. */
function runIdOf(run: RunStarted): string {
  return run.total === undefined ? run.startedAt : `${run.startedAt} ${run.index}/${run.total}`;
}

/** Why a run teaches nothing of durations, or less than all: one sentence; undefined where all is well. */
export function unlearnedText(events: readonly RunEvent[]): string | undefined {
  const run = events.find((event) => event.type === 'run-started');
  if (run === undefined) return undefined;
  if (run.filtered)
    return 'The run teaches the history no durations: only a part of it was asked for (-t, paths or the like).';
  const ended = events.filter((event) => event.type === 'suite-ended');
  const passed = new Set(ended.flatMap(({ status, suiteId }) => (status === 'passed' ? suiteId : [])));
  const cancelled = events.find((event) => event.type === 'run-cancelled');
  if (cancelled !== undefined) {
    return `The run was stopped (${cancelled.cause}): the history learns ${passed.size === 0 ? 'nothing' : `only the ${counted(passed.size)} that had passed`}.`;
  }
  return ended.length > 0 && passed.size === 0
    ? 'The run teaches the history no durations: no suite passed.'
    : undefined;
}

function counted(suites: number): string {
  return suites === 1 ? '1 suite' : `${suites} suites`;
}

/** A run that held only a part, or died before it had listed its suites, says nothing about those it lacks. */
function aged(
  suites: History['suites'],
  run: RunStarted,
  events: readonly RunEvent[],
): Map<string, SuiteHistory> {
  const isWhole =
    !run.filtered &&
    run.only === undefined &&
    run.total === undefined &&
    events.some(({ type }) => type === 'run-opened');
  const present = new Set(
    events.flatMap((event) =>
      event.type === 'suite-queued' ? event.suite.id : 'suiteId' in event ? event.suiteId : [],
    ),
  );
  const kept = new Map<string, SuiteHistory>();
  for (const [id, suite] of suites) {
    const missedRuns = present.has(id) ? 0 : suite.missedRuns + (isWhole ? 1 : 0);
    if (missedRuns < forgottenAfterRuns) kept.set(id, { ...suite, missedRuns });
  }
  return kept;
}

/** @param deviceKind Left out when the run's durations are not to be learned. */
function withAttempt(
  suite: SuiteHistory,
  ended: SuiteEnded,
  deviceKind: string | undefined,
  reversion: MeanReversion,
): SuiteHistory {
  const failedLast = failedAfter(suite, ended);
  const durationMs = wholeNumber(ended.durationMs);
  if (ended.status !== 'passed' || deviceKind === undefined || durationMs === undefined) {
    return { ...suite, failedLast };
  }
  const devices = new Map(suite.devices);
  const peakBytes = wholeNumber(ended.peakMemoryBytes);
  const device = withSample(suite.devices.get(deviceKind), Math.max(1, durationMs), peakBytes, reversion);
  return { ...suite, failedLast, devices: devices.set(deviceKind, device) };
}

/** `-t` may leave a suite without a single test: then nothing is known about it, as when it was skipped. */
function failedAfter(suite: SuiteHistory, ended: SuiteEnded): boolean {
  switch (ended.status) {
    case 'failed':
    case 'timed-out':
    case 'lost':
      return true;
    case 'passed':
      return ended.executedTests === 0 && suite.failedLast;
    case 'skipped':
    case 'cancelled':
      return suite.failedLast;
  }
}

function withSample(
  before: DeviceHistory | undefined,
  durationMs: number,
  peakBytes: number | undefined,
  reversion: MeanReversion,
): DeviceHistory {
  const rememberedPeakBytes = Math.round((before?.peakMemoryBytes ?? 0) * peakDecay);
  const peakMemoryBytes = Math.max(peakBytes ?? 0, rememberedPeakBytes);
  return {
    ...withDuration(before, durationMs, reversion),
    ...(peakMemoryBytes === 0 ? {} : { peakMemoryBytes }),
    samples: (before?.samples ?? 0) + 1,
  };
}

function withDuration(before: DeviceHistory | undefined, durationMs: number, reversion: MeanReversion) {
  if (before === undefined) return { lastMs: durationMs, meanMs: durationMs };
  const expected = expectedMs(before, reversion.before);
  const lastMs = Math.round(
    Math.min(expected * believedFactor, Math.max(expected / believedFactor, durationMs, 1)),
  );
  reversion.observe(before, lastMs);
  const weight = Math.max(newestWeight, 1 / (before.samples + 1));
  const meanMs = before.meanMs * Math.exp(weight * Math.log(lastMs / before.meanMs));
  // Whole ms would be too coarse for suites of a few.
  const parts = meanMs < 100 ? 100 : 1;
  return { lastMs, meanMs: Math.max(1, Math.round(meanMs * parts) / parts) };
}

/**
 * Mean reversion, the AR(1) coefficient of the logarithms: sums for the regression of where a duration went on where its
 * mean lay, both seen from the last duration.
 */
class MeanReversion {
  readonly before: Reversion;
  #towardsMean: number;
  #ofMean: number;

  constructor(before: Reversion) {
    this.before = before;
    this.#towardsMean = before.towardsMean * reversionDecay;
    this.#ofMean = before.ofMean * reversionDecay;
  }

  observe({ lastMs, meanMs }: DeviceHistory, newMs: number): void {
    // Winsorised too: one outlier must not decide for the whole project.
    const step = (ms: number) => Math.min(1, Math.max(-1, Math.log(ms / lastMs)));
    this.#towardsMean += 1000 * step(newMs) * step(meanMs);
    this.#ofMean += 1000 * step(meanMs) ** 2;
  }

  get sum(): Reversion {
    return { towardsMean: Math.round(this.#towardsMean), ofMean: Math.round(this.#ofMean) };
  }
}

/** Undefined for what is no amount: a history must stay readable whatever a clock or a kernel said. */
function wholeNumber(amount: number | undefined): number | undefined {
  const rounded = Math.round(amount ?? -1);
  return Number.isSafeInteger(rounded) && rounded >= 0 ? rounded : undefined;
}
