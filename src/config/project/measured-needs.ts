import type { RunEvent, Suite } from '../../core/events.js';
import { formatBytes, formatDuration } from '../../core/vocabulary/units.js';
import { expectedMs, type History } from '../../record/history.js';
import type { WrittenPragma } from '../docblock/write-pragmas.js';

/** What was measured of a suite, as a pragma that says so. */
export interface Proposal {
  readonly suiteId: string;
  readonly pragma: WrittenPragma;
  /** One clause: what was measured. */
  readonly measured: string;
  /** What the suite says now, where that is wrong; left out where it says nothing. */
  readonly drift?: string;
}

const mib = 1024 ** 2;
/** Below, a suite is like any other. */
const notableBytes = 256 * mib;
const notableMs = 5000;
/** Shorter ones mostly load modules. */
const notableCpuMs = 1000;
/** Every process has a thread or two more that compile and collect garbage: above this share of what it may it needs more. */
const mostBusy = 1.5;
/** Room above the measured peak. */
const memoryRoom = 1.2;
/** Real suites take up to 8 times as long as expected once in a thousand runs: a limit must lie above. */
const timeRoom = 10;
/** A limit below this multiple stops suites that are only slow today. */
const leastTimeRoom = 3;
/** A claim above this multiple of the peak keeps others waiting for nothing. */
const mostMemoryRoom = 4;

/** How many CPU threads a suite that ended kept busy, on average over its last attempt that gave a result. */
export function busyThreadsOf(events: readonly RunEvent[]): ReadonlyMap<string, number> {
  const threads = new Map<string, number>();
  for (const event of events) {
    if (event.type !== 'suite-ended' || event.cpuMs === undefined || event.durationMs < notableCpuMs)
      continue;
    threads.set(event.suiteId, event.cpuMs / event.durationMs);
  }
  return threads;
}

/**
 * What the docblocks of suites that ran should say, and where they say something else.
 * @param busyThreads Of suites of the newest run.
 */
export function proposalsFor(
  suites: readonly Suite[],
  history: History,
  busyThreads: ReadonlyMap<string, number>,
): readonly Proposal[] {
  return suites.flatMap((suite) => {
    const devices = [...(history.suites.get(suite.id)?.devices.values() ?? [])];
    const runs = devices.reduce((sum, { samples }) => sum + samples, 0);
    const peakBytes = Math.max(0, ...devices.map(({ peakMemoryBytes = 0 }) => peakMemoryBytes));
    const usualMs = Math.max(0, ...devices.map((device) => expectedMs(device, history.reversion)));
    return [
      ...memoryOf(suite, peakBytes, runs),
      ...threadsOf(suite, busyThreads.get(suite.id)),
      ...timeOf(suite, usualMs, runs),
    ];
  });
}

function* memoryOf({ id, profile }: Suite, peakBytes: number, runs: number): Iterable<Proposal> {
  const { hostMemoryBytes: said } = profile;
  const isLow = said !== undefined && said < peakBytes;
  const isHigh = said !== undefined && said > peakBytes * mostMemoryRoom && said > notableBytes;
  if (peakBytes === 0 || (said !== undefined && !isLow && !isHigh)) return;
  if (said === undefined && peakBytes < notableBytes) return;
  const step = 64 * mib;
  const value = `${Math.ceil((peakBytes * memoryRoom) / step) * 64}MiB`;
  yield {
    suiteId: id,
    pragma: { name: 'host-memory', value },
    measured: `peak ${formatBytes(peakBytes)} in ${runs} runs`,
    ...(said !== undefined && { drift: `says ${formatBytes(said)}` }),
  };
}

function* threadsOf({ id, profile }: Suite, busy: number | undefined): Iterable<Proposal> {
  const said = profile.cpuThreads;
  if (busy === undefined || busy <= (said ?? 1) * mostBusy) return;
  yield {
    suiteId: id,
    pragma: { name: 'cpu', value: String(Math.max(2, Math.round(busy))) },
    measured: `${busy.toFixed(1)} CPU threads busy on average in its newest run`,
    ...(said !== undefined && { drift: `says ${said}` }),
  };
}

function* timeOf({ id, profile }: Suite, usualMs: number, runs: number): Iterable<Proposal> {
  const { maxTimeMs: said } = profile;
  if (usualMs === 0 || (said === undefined ? usualMs < notableMs : said >= usualMs * leastTimeRoom)) return;
  const minutes = Math.max(1, Math.ceil((usualMs * timeRoom) / 60_000));
  yield {
    suiteId: id,
    pragma: { name: 'max-time', value: `${minutes}m` },
    measured: `usually ${formatDuration(usualMs)} in ${runs} runs`,
    ...(said !== undefined && { drift: `says ${formatDuration(said)}` }),
  };
}
