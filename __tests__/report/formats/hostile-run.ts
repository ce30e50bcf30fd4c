import type { RunEvent } from '../../../src/core/events.js';
import { readRecord } from '../../../src/record/read.js';
import { type ReportedRun, reportedRun } from '../../../src/report/formats/format.js';

/** What nobody should write into a name, a model, a reason or the output of a test, all in one. */
export const hostile = [
  '\u001b]8;;http://evil.example\u0007link\u001b[31m\u202e\u2066\u200f',
  '=1+1 ]]> --> </script><script>alert(1)</script> <img src=x onerror=alert(1)> &amp; "\' `$(1)` ``` `` ~~~ | a |b| @all #1',
  '\n::error::boom\n##[error]x ##vso[task.complete]x\r::set-output name=a::b\n### Passed\n- [x](javascript:x) **b**\n',
  '\u0000\u0008\u0085\u2028\ufffe\uffff\ud800 👩‍🔬 עברית',
].join('');

const longLine = `${'x'.repeat(1_000_000)}</script>]]>`;

/** Texts of the record, and what stands in their place. */
const replaced: Readonly<Record<string, string>> = {
  'test/nlp/embeddings.test.ts': `test/${hostile}.test.ts`,
  'test/edge/int8.test.ts': `test/${longLine}.test.ts`,
  'AMD EPYC 7B13': hostile,
  'killed by SIGKILL': hostile,
  'stopped after @max-time 3s': longLine,
  'JEST_HARDWARE_ONLY=cpu,gpu': hostile,
  'needs npu': `=${hostile}`,
  local: `lo/${hostile}`,
};

/** A run with most kinds of outcomes, with names and texts by an attacker, failures of tests too. */
export function hostileRun(): ReportedRun {
  const { events } = readRecord('fixtures/records/mixed.jsonl');
  return reportedRun((replacedIn(events) as readonly RunEvent[]).map(withFailures));
}

function withFailures(event: RunEvent): RunEvent {
  if (event.type !== 'suite-ended' || event.status !== 'passed' || event.degraded || event.attempt !== 1)
    return event;
  const failures = [{ test: hostile, message: `${hostile}\n\n${longLine}`, at: hostile }];
  return { ...event, status: 'failed', failures };
}

function replacedIn(value: unknown): unknown {
  if (typeof value === 'string') {
    return Object.entries(replaced).reduce((text, [from, to]) => text.replaceAll(from, () => to), value);
  }
  if (Array.isArray(value)) return value.map(replacedIn);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, replacedIn(entry)]));
}
