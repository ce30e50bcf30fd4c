import type { SecondOpinion } from '../../core/events.js';
import { formatDuration } from '../../core/vocabulary/units.js';
import { devicesText, faultText, lostText } from '../summary/attempts.js';
import { type ChaosSummary, chaosText, miscountsOf } from '../summary/chaos.js';
import { clausesWithChange, type SuiteOutcome, type SuiteSummary } from '../summary/suites.js';
import { type RunSummary, unusableOf } from '../summary/summary.js';
import { shownWaitMs } from '../summary/waits.js';

/** One thing worth saying about a run. */
export interface Note {
  /** The kind of note, in one or two words. */
  readonly label: string;
  /** `bad` fails the run, `odd` deserves a look, `quiet` is as expected. */
  readonly weight: 'bad' | 'odd' | 'quiet';
  /** Suites that the note is about; may be empty. */
  readonly suiteIds: readonly string[];
  readonly text: string;
}

/** Everything out of the ordinary, the worst first. Suites with the same text share a note. */
export function notesOf(summary: RunSummary): readonly Note[] {
  const { suites, machines, absent, heat, setAside, waits, unmetRequirements, refused } = summary;
  return [
    ...unmetRequirements.map((deviceClass) =>
      general(
        'unmet',
        'bad',
        [
          `requireExecuted: no suite executed a test on a real ${deviceClass}`,
          ...unusableOf(summary, deviceClass),
        ].join('; '),
      ),
    ),
    ...refused.map(({ state, suiteIds }) => general('failOn', 'bad', `${state}: ${suiteIds.join(', ')}`)),
    ...(summary.chaos === undefined ? [] : chaosNotes(summary.chaos)),
    ...notesBy(suites, 'cannot run', 'bad', reasonIf('unplaceable-failed')),
    ...suites
      .filter(({ outcome }) => outcome === 'invalid')
      .flatMap(({ reasons }) => reasons.map((reason) => general('docblock', 'bad', firstLine(reason)))),
    ...notesBy(suites, 'timed out', 'bad', timedOut),
    ...setAside.map(({ name, reason, since }) =>
      general('set aside', 'odd', `${name}${since === undefined ? '' : ` since ${since}`}: it ${reason}`),
    ),
    ...notesBy(suites, 'lost', 'odd', lost),
    ...notesBy(suites, 'device', 'odd', endedByDevice),
    ...notesBy(suites, 'opinion', 'odd', opinion),
    // One note for each: equal texts need not have an equal cause.
    ...suites
      .filter(({ outcome }) => outcome === 'flaky')
      .map((suite): Note => ({ label: 'flaky', weight: 'odd', suiteIds: [suite.id], text: storyOf(suite) })),
    ...notesBy(suites, 'degraded', 'odd', degraded),
    ...absent.map(({ reason }) => general('machine', 'odd', firstLine(reason))),
    ...machines.flatMap(({ name, problems }) =>
      problems.map(({ message, remedy }) =>
        general(
          'problem',
          'odd',
          `${name}: ${firstLine(remedy === undefined ? message : `${message.replace(/\.$/, '')}; remedy: ${remedy}`)}`,
        ),
      ),
    ),
    ...heat.map(({ device, celsius, hotMs, source }) =>
      general(
        'hot',
        'odd',
        `${device} (${celsius === undefined ? '' : `${Math.round(celsius)} °C, `}${source}) for ${formatDuration(hotMs)}: fewer suites started on it, or none`,
      ),
    ),
    ...waits
      .filter(({ waitedMs }) => waitedMs >= shownWaitMs)
      .map(({ waitedFor, waitedMs, heldBy }) =>
        general(
          'waited',
          'quiet',
          `for ${waitedFor} ${formatDuration(waitedMs)}${heldBy.length === 0 ? '' : ` (held by ${heldBy.join(', ')})`}`,
        ),
      ),
    ...notesBy(suites, 'skipped', 'quiet', reasonIf('unplaceable-skipped')),
    ...notesBy(suites, 'not started', 'quiet', reasonIf('not-started')),
    ...notesBy(suites, 'not selected', 'quiet', reasonIf('not-selected')),
    ...notesBy(suites, 'unfinished', 'odd', unfinished),
  ];
}

function chaosNotes(chaos: ChaosSummary): readonly Note[] {
  const weight = miscountsOf(chaos).length > 0 ? 'bad' : 'odd';
  const { failedSuites } = chaos;
  return [
    general('chaos', weight, chaosText(chaos)),
    ...(failedSuites.length === 0
      ? []
      : [
          {
            label: 'chaos',
            weight: 'odd',
            suiteIds: failedSuites,
            text: 'failed by injected faults alone',
          } as const,
        ]),
  ];
}

function general(label: string, weight: Note['weight'], text: string): Note {
  return { label, weight, suiteIds: [], text };
}

/** @param textOf Returns undefined for a suite without such a note. */
function notesBy(
  suites: readonly SuiteSummary[],
  label: string,
  weight: Note['weight'],
  textOf: (suite: SuiteSummary) => string | undefined,
): readonly Note[] {
  const idsOf = new Map<string, string[]>();
  for (const suite of suites) {
    const text = textOf(suite);
    if (text === undefined) continue;
    const ids = idsOf.get(text);
    if (ids === undefined) idsOf.set(text, [suite.id]);
    else ids.push(suite.id);
  }
  return [...idsOf].map(([text, suiteIds]) => ({ label, weight, suiteIds, text }));
}

function reasonIf(outcome: SuiteOutcome) {
  return (suite: SuiteSummary) =>
    suite.outcome === outcome ? clausesWithChange(suite).map(firstLine).join('; ') : undefined;
}

function timedOut({ outcome, attempts }: SuiteSummary): string | undefined {
  const last = attempts.at(-1);
  if (outcome !== 'timed-out' || last === undefined) return undefined;
  return `${last.cause ?? 'stopped'}, on ${devicesText(last)}`;
}

function lost(suite: SuiteSummary): string | undefined {
  const { outcome, attempts } = suite;
  if (outcome === 'flaky' || attempts.every(({ status }) => status !== 'lost')) return undefined;
  return storyOf(suite);
}

const opinionTexts = {
  code: 'the code: it fails on the CPU too',
  device: 'the device: it passes on the CPU',
  precision: 'precision: only numbers differ, and it passes on the CPU',
  flake: 'a flake: it passed on the same device when it ran again',
  repeatable: 'not decided: it failed again on the same device, and may run on no other kind',
} satisfies Record<SecondOpinion['verdict'], string>;

function opinion({ outcome, attempts }: SuiteSummary): string | undefined {
  const last = attempts.at(-1);
  if (outcome !== 'failed' || last?.secondOpinion === undefined) return undefined;
  return `failed on ${devicesText(last)}, by ${opinionTexts[last.secondOpinion.verdict]}`;
}

/** Suites that were lost as well stand there. */
function endedByDevice(suite: SuiteSummary): string | undefined {
  const { outcome, attempts } = suite;
  if (outcome === 'flaky' || attempts.every(({ deviceFault }) => deviceFault === undefined)) return undefined;
  return lost(suite) === undefined ? storyOf(suite) : undefined;
}

/** `killed by SIGKILL, on local/cpu; attempt 2 passed`. */
function storyOf({ attempts }: SuiteSummary): string {
  const last = attempts.at(-1);
  // Names the other attempts too.
  if (last?.status === 'lost' && last.deviceFault === undefined && last.recovery) return last.recovery;
  return attempts
    .map((attempt, index) => {
      if (attempt.deviceFault !== undefined) return faultText(attempt);
      if (attempt.status === 'lost') return lostText(attempt);
      return `attempt ${index + 1} ${attempt.status === 'running' ? 'was running' : attempt.status}`;
    })
    .join('; ');
}

function degraded({ attempts, hardware }: SuiteSummary): string | undefined {
  const last = attempts.at(-1);
  if (!last?.degraded) return undefined;
  const asked = hardware.length === 0 ? '' : `, asked for ${hardware.join(' or ')}`;
  return `${last.status} on ${devicesText(last)}${asked}`;
}

function unfinished({ outcome, attempts }: SuiteSummary): string | undefined {
  if (outcome !== 'unfinished') return undefined;
  const last = attempts.at(-1);
  return last?.status === 'running' ? `was running on ${devicesText(last)}` : 'was waiting';
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
