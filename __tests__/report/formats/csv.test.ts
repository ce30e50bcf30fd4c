import { readRecord } from '../../../src/record/read.js';
import { csvFormat } from '../../../src/report/formats/csv.js';
import { reportedRun } from '../../../src/report/formats/format.js';
import { hostileRun } from './hostile-run.js';

const options = { color: false, width: 80 };

test('a line for each suite', () => {
  const { events } = readRecord('fixtures/records/mixed.jsonl');
  const lines = csvFormat.render(reportedRun(events), options).split('\n');
  expect(lines[0]).toBe(
    'suite,device,class,outcome,time_seconds,waited_seconds,attempts,peak_memory_bytes,why',
  );
  expect(lines).toHaveLength(10);
  expect(lines).toContain(
    'test/edge/int8.test.ts,,,skipped for want of a device,,0,0,,"needs npu: this machine has cpu, gpu"',
  );
  expect(
    lines.find((line) => line.startsWith('test/nlp/embeddings.test.ts,local/cpu,cpu,flaky,3.5,0,2,')),
  ).toBeDefined();
});

test('names by an attacker stay in their cells, and no cell is a formula', () => {
  const text = csvFormat.render(hostileRun(), options);
  const rows = text.split('\n').map(cellsOf);
  expect(rows).toHaveLength(10);
  expect(new Set(rows.map((cells) => cells.length))).toEqual(new Set([9]));
  for (const cell of rows.flat()) expect(cell).not.toMatch(/^\s*[=+\-@]/);
});

/** By RFC 4180. */
function cellsOf(line: string): readonly string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
    ([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain,
  );
}
