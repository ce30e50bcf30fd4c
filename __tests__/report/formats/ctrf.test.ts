import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { schema } from 'ctrf';
import { readRecord } from '../../../src/record/read.js';
import { ctrfFormat } from '../../../src/report/formats/ctrf.js';
import { type ReportedRun, reportedRun } from '../../../src/report/formats/format.js';
import { hostile, hostileRun } from './hostile-run.js';

const ajv = addFormats.default(new Ajv.default({ strict: false, allErrors: true }));
const isValid = ajv.compile(schema);

const render = (run: ReportedRun) => JSON.parse(ctrfFormat.render(run, { color: false, width: 80 }));
const recorded = (name: string) => reportedRun(readRecord(`fixtures/records/${name}.jsonl`).events);

test.each(['cancelled', 'cpu-only', 'gpu-box', 'killed', 'mixed'])("by CTRF's schema: %s", (name) => {
  expect(errorsOf(render(recorded(name)))).toEqual([]);
});

test("by CTRF's schema: names and output by an attacker, which stay whole", () => {
  const report = render(hostileRun());
  expect(errorsOf(report)).toEqual([]);
  expect(report.results.tests.map(({ filePath }: { filePath: string }) => filePath)).toContain(
    `test/${hostile}.test.ts`,
  );
});

test('the schema finds mistakes', () => {
  const report = render(recorded('mixed'));
  report.results.tests[0].status = 'flaky';
  report.results.summary.start = undefined;
  expect(errorsOf(report)).toHaveLength(2);
});

test('every suite is counted once', () => {
  const { summary, tests } = render(recorded('mixed')).results;
  const { tests: all, passed, failed, skipped, pending, other, flaky } = summary;
  expect(all).toBe(tests.length);
  expect(passed + failed + skipped + pending + other).toBe(all);
  expect({ passed, failed, skipped, flaky }).toEqual({ passed: 4, failed: 3, skipped: 2, flaky: 1 });
});

test('device, machine and attempts of a suite', () => {
  const { tests } = render(recorded('mixed')).results;
  const named = (name: string) => tests.find((entry: { name: string }) => entry.name === name);
  expect(named('test/vision/train.test.ts')).toMatchObject({
    status: 'passed',
    duration: 4500,
    start: Date.parse('2026-03-02T09:00:00.004Z'),
    device: 'local gpu0 NVIDIA GeForce RTX 4070',
    threadId: 'local/gpu0#1',
    extra: { machine: 'local', device: 'gpu0', class: 'gpu', attempt: 1, peakMemoryBytes: 900000000 },
  });
  expect(named('test/nlp/embeddings.test.ts')).toMatchObject({
    status: 'passed',
    flaky: true,
    retries: 1,
    retryAttempts: [{ attempt: 1, status: 'failed', extra: { status: 'lost', device: 'cpu' } }],
    extra: { attempt: 2 },
  });
});

function errorsOf(report: unknown): readonly string[] {
  isValid(report);
  return (isValid.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
