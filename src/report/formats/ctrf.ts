import { printable, printableJson } from '../../core/vocabulary/printable.js';
import type { AttemptSummary } from '../summary/attempts.js';
import type { SuiteOutcome, SuiteSummary } from '../summary/suites.js';
import type { RunSummary } from '../summary/summary.js';
import { attemptFactsIn, causeOf, decidingAttempt, failuresOf } from './attempt-facts.js';
import type { ReportFormat } from './format.js';

type Status = 'passed' | 'failed' | 'skipped' | 'pending' | 'other';

const statusOf: Readonly<Record<SuiteOutcome, Status>> = {
  passed: 'passed',
  flaky: 'passed',
  failed: 'failed',
  skipped: 'skipped',
  'timed-out': 'failed',
  lost: 'failed',
  cancelled: 'other',
  'unplaceable-failed': 'failed',
  'unplaceable-skipped': 'skipped',
  invalid: 'failed',
  'not-started': 'pending',
  'not-selected': 'skipped',
  unfinished: 'other',
};

/** Version of the Common Test Report Format. Its schema is in the npm package `ctrf`. */
const specVersion = '0.0.0';

/** The Common Test Report Format (ctrf.io): one test for each suite, with its hardware in `extra`. */
export const ctrfFormat: ReportFormat = {
  fileName: 'ctrf.json',
  render: ({ summary }) => printableJson(ctrfReport(summary)),
};

function ctrfReport(summary: RunSummary) {
  const { suites, startedAt, makespanMs, packageVersion, strategy, commit, shard, machines } = summary;
  const parsedMs = Date.parse(startedAt ?? '');
  const startMs = Number.isNaN(parsedMs) ? 0 : parsedMs;
  const count = (status: Status) => suites.filter(({ outcome }) => statusOf[outcome] === status).length;
  const factsOf = attemptFactsIn(summary);
  const duration = Math.round(makespanMs);
  const platforms = new Set(machines.map(({ platform }) => platform));
  return {
    reportFormat: 'CTRF',
    specVersion,
    generatedBy: 'jest-runner-hardware',
    ...(startedAt !== undefined && { timestamp: startedAt }),
    results: {
      tool: {
        name: 'jest-runner-hardware',
        ...(packageVersion !== undefined && { version: packageVersion }),
      },
      summary: {
        tests: suites.length,
        passed: count('passed'),
        failed: count('failed'),
        skipped: count('skipped'),
        pending: count('pending'),
        other: count('other'),
        flaky: suites.filter(({ outcome }) => outcome === 'flaky').length,
        suites: suites.length,
        start: startMs,
        stop: startMs + duration,
        duration,
        extra: {
          state: summary.state,
          unmetRequirements: summary.unmetRequirements,
          refused: summary.refused,
        },
      },
      environment: {
        ...(commit !== undefined && { commit }),
        ...(platforms.size > 0 && { osPlatform: [...platforms].join(', ') }),
        ...(shard && { shardId: `${shard.index}/${shard.total}` }),
        extra: { ...(strategy !== undefined && { strategy }), machines: machines.map(described) },
      },
      tests: suites.map((suite) => testOf(suite, startMs, factsOf)),
    },
  };
}

function testOf(suite: SuiteSummary, startMs: number, factsOf: ReturnType<typeof attemptFactsIn>) {
  const { id, outcome, attempts, hardware } = suite;
  const last = decidingAttempt(suite);
  const facts = factsOf(suite);
  const failures = failuresOf(suite);
  const earlier = attempts.filter((attempt) => attempt !== last);
  return {
    // Empty names are not allowed.
    name: printable(id) || '-',
    status: statusOf[outcome],
    rawStatus: outcome,
    duration: Math.round(last?.heldMs ?? 0),
    ...(last && timesOf(last, startMs)),
    suite: [printable(id).split('/').slice(0, -1).join('/') || '.'],
    ...(outcome !== 'passed' && { message: printable(causeOf(suite)) }),
    filePath: id,
    flaky: outcome === 'flaky',
    retries: earlier.length,
    ...(earlier.length > 0 && {
      retryAttempts: earlier.map((attempt) => retryOf(attempt, startMs, factsOf(suite, attempt))),
    }),
    ...(last && { threadId: last.slotId }),
    ...(facts && { device: printable([facts.machine, facts.device, facts.model].filter(Boolean).join(' ')) }),
    extra: { ...facts, hardware, ...(failures.length > 0 && { failures }) },
  };
}

function retryOf(attempt: AttemptSummary, startMs: number, facts: object | undefined) {
  return {
    attempt: attempt.attempt,
    status: attempt.status === 'passed' || attempt.status === 'skipped' ? attempt.status : 'failed',
    duration: Math.round(attempt.heldMs),
    ...timesOf(attempt, startMs),
    ...(attempt.cause !== undefined && { message: printable(attempt.cause) }),
    extra: { ...facts, status: attempt.status },
  };
}

function timesOf({ startedAtMs, heldMs }: AttemptSummary, startMs: number) {
  return { start: startMs + Math.round(startedAtMs), stop: startMs + Math.round(startedAtMs + heldMs) };
}

function described({
  name,
  platform,
  arch,
  cpuBudget,
  memoryBudgetBytes,
  devices,
}: RunSummary['machines'][number]) {
  return { name, platform, arch, cpuBudget, memoryBudgetBytes, devices };
}
