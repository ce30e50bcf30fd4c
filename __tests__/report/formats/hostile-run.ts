import type { RunEvent } from '../../../src/core/events.js';
import { readRecord } from '../../../src/record/read.js';
import { type ReportedRun, reportedRun } from '../../../src/report/formats/format.js';

const escapes = '\u001b]8;;http://evil.example\u0007link\u001b[31m';
const directions = '\u202e\u2066\u200f';
const markup =
  ']]> --> </script><script>alert(1)</script> <img src=x onerror=alert(1)> &amp; "\' `$(1)` ``` | a | @all';
const commands = '\n::error::x\n##[error]x\n##vso[task.complete]x\r::set-output name=a::b';
const odd = '\u0000\u0008\u0085\u2028\ufffe\uffff\ud800 👩‍🔬 עברית';

/** What nobody should write into a name, a model or an error, all in one. */
export const hostile = `${escapes}${directions}${markup}${commands}${odd}`;

/** A line of a million characters. */
export const longLine = `${'x'.repeat(1_000_000)}</script>]]>`;

const replaced: Readonly<Record<string, string>> = {
  'test/nlp/embeddings.test.ts': `test/${hostile}.test.ts`,
  'test/nlp/slow.test.ts': `test/${longLine}.test.ts`,
  'AMD EPYC 7B13': hostile,
  'killed by SIGKILL': hostile,
  'stopped after @max-time 3s': longLine,
  'JEST_HARDWARE_ONLY=cpu,gpu': hostile,
  local: `lo/${hostile}`,
};

/** The recorded run with most kinds of outcomes, with names and texts by an attacker. */
export function hostileRun(): ReportedRun {
  const { events } = readRecord('fixtures/records/mixed.jsonl');
  return reportedRun(replacedIn(events) as readonly RunEvent[]);
}

function replacedIn(value: unknown): unknown {
  if (typeof value === 'string') {
    return Object.entries(replaced).reduce((text, [from, to]) => text.replaceAll(from, () => to), value);
  }
  if (Array.isArray(value)) return value.map(replacedIn);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, replacedIn(entry)]));
}
