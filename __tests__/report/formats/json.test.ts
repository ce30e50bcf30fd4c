import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
import { readRecord } from '../../../src/record/read.js';
import { type ReportedRun, reportedRun } from '../../../src/report/formats/format.js';
import { jsonFormat } from '../../../src/report/formats/json.js';
import { hostileRun } from './hostile-run.js';

const path = 'docs/schemas/report.schema.json';
const isValid = new Ajv.default({ strict: false, allErrors: true }).compile(
  JSON.parse(readFileSync(path, 'utf8')),
);
const render = (run: ReportedRun) => JSON.parse(jsonFormat.render(run, { color: false, width: 80 }));

test.each(['cancelled', 'cpu-only', 'gpu-box', 'killed', 'mixed'])(
  'by the schema: %s and its beginnings',
  (name) => {
    const { events } = readRecord(`fixtures/records/${name}.jsonl`);
    for (let length = 0; length <= events.length; length++) {
      expect(errorsOf(render(reportedRun(events.slice(0, length))))).toEqual([]);
    }
  },
);

test('by the schema: names and output by an attacker', () => {
  expect(errorsOf(render(hostileRun()))).toEqual([]);
});

test('the schema finds mistakes', () => {
  const report = render(hostileRun());
  report.suites[0].outcome = 'fine';
  report.color = 'red';
  expect(errorsOf(report)).toHaveLength(2);
});

test('the schema in the package is that of the type; after a change of the type: npm run schema', () => {
  const made = execFileSync(process.execPath, ['scripts/report-schema.mjs', '--print'], { encoding: 'utf8' });
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(JSON.parse(made));
});

function errorsOf(report: unknown): readonly string[] {
  isValid(report);
  return (isValid.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
