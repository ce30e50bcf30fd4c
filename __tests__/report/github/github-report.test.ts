import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRecord } from '../../../src/record/read.js';
import { reportedRun } from '../../../src/report/formats/format.js';
import { githubReport } from '../../../src/report/github/github-report.js';
import { temporaryDirectory } from '../../detect/temporary-host.js';
import { hostileRun } from '../formats/hostile-run.js';

const { events } = readRecord('fixtures/records/mixed.jsonl');
const run = reportedRun(events);
const actions = { GITHUB_ACTIONS: 'true' };

test('findings are annotations of their file: errors where they fail the run', () => {
  const { annotations } = githubReport(run, actions);
  expect(annotations).toContain(
    '::warning title=Ran on other hardware,file=test/edge/wake-word.test.ts::test/edge/wake-word.test.ts: passed on local/cpu, asked for npu',
  );
  expect(annotations.map((line) => /^::(\w+) title=([^,:]+)/.exec(line)?.slice(1).join(' '))).toEqual([
    'error No device for this suite',
    'error Suite timed out',
    'warning Flaky suite',
    'warning Ran on other hardware',
    'warning Skipped for want of a device',
  ]);
});

test('elsewhere nothing happens; a shard leaves annotations to the merge', () => {
  expect(githubReport(run, {})).toEqual({ annotations: [], problem: undefined });
  const shard = events.map((event) =>
    event.type === 'run-started' ? { ...event, index: 1, total: 2 } : event,
  );
  expect(githubReport(reportedRun(shard), actions).annotations).toEqual([]);
});

test('names by an attacker end neither an annotation nor its properties', () => {
  const { annotations } = githubReport(hostileRun(), actions);
  expect(annotations.length).toBeGreaterThan(3);
  for (const line of annotations) {
    expect(line).toMatch(/^::(?:error|warning) title=[^,:]+(?:,file=[^,:]+)?::/);
    expect(line).not.toMatch(/\p{Cc}|##\[|##vso|\p{Bidi_Control}/u);
    expect(line.length).toBeLessThan(5000);
  }
});

test('at most ten of a level', () => {
  const odd = Array.from({ length: 30 }, (_, index) => ({
    atMs: 1,
    type: 'suite-unplaceable' as const,
    suiteId: `${index}.test.ts`,
    action: 'skip' as const,
    rejections: [{ slotId: 'local/cpu', filter: 'x', reason: `needs ${index}`, until: 'never' as const }],
  }));
  const { annotations } = githubReport(reportedRun([...events, ...odd]), actions);
  const warnings = annotations.filter((line) => line.startsWith('::warning'));
  expect(warnings).toHaveLength(10);
  expect(warnings.at(-1)).toBe('::warning title=jest-runner-hardware::24 more findings: see the report');
});

test('the summary of the step is appended, and never grows above 1 MiB', () => {
  const path = join(temporaryDirectory(), 'summary.md');
  const env = { GITHUB_STEP_SUMMARY: path };
  const after = (before: string) => {
    writeFileSync(path, before);
    const { problem } = githubReport(run, env);
    return { problem, text: readFileSync(path, 'utf8').slice(before.length) };
  };
  const whole = after('# Of another tool').text;
  expect(whole).toMatch(/^\n## Failed: \d of 9 suites\n[\s\S]*### Slowest suites/);
  const cut = after('x'.repeat(1024 * 1024 - 1000));
  expect(cut.text).toMatch(/^\n## Failed[\s\S]*The rest is left out: GitHub shows 1 MiB of a step.\n$/);
  expect(cut.text.length).toBeLessThanOrEqual(1000);
  expect(after('x'.repeat(1024 * 1024))).toEqual({
    problem: expect.stringContaining('does not fit into the step summary'),
    text: '',
  });
});
