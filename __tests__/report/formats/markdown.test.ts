import type { RunEvent } from '../../../src/core/events.js';
import { readRecord } from '../../../src/record/read.js';
import { reportedRun } from '../../../src/report/formats/format.js';
import { markdownFormat } from '../../../src/report/formats/markdown.js';
import { hostileRun } from './hostile-run.js';

const render = (events: readonly RunEvent[]) =>
  markdownFormat.render(reportedRun(events), { color: false, width: 80 });
const ofRecord = (name: string) => render(readRecord(`fixtures/records/${name}.jsonl`).events);

test('the verdict first, then failures with their messages', () => {
  const lines = ofRecord('cpu-only').split('\n');
  expect(lines[0]).toBe('## Failed: 1 of 3 suites');
  const from = lines.indexOf('### Failures');
  expect(lines.slice(from, from + 12)).toEqual([
    '### Failures',
    '',
    '- `src/tax.test.ts` failed on `local/cpu`',
    '  - `tax › rounds half up`, `src/tax.test.ts:14`',
    '',
    '    ```text',
    '    expect(received).toBe(expected) // Object.is equality',
    '',
    '    Expected: 1.24',
    '    Received: 1.23',
    '    ```',
    '',
  ]);
});

test('devices, what limited the run, what was odd, the slowest suites', () => {
  const text = ofRecord('mixed');
  expect(text).toContain(
    '| `local/gpu0` | `NVIDIA GeForce RTX 4070` | 12 GiB | 1 | 1 | 4.5 s (47 %) |  | declared |',
  );
  expect(text).toContain('- `-w 3` would take 4.5 s');
  expect(text).toContain('- **flaky** `test/nlp/embeddings.test.ts`: `killed by SIGKILL');
  expect(text).toContain(
    '- **degraded** `test/edge/wake-word.test.ts`: `passed on local/cpu, asked for npu`',
  );
  expect(text).toContain('- **skipped** `test/edge/int8.test.ts`: `needs npu: this machine has cpu, gpu`');
});

test('foreign text stands in code alone: no heading, list, HTML, link or further cell comes of it', () => {
  const text = markdownFormat.render(hostileRun(), { color: false, width: 80 });
  expect(text.length).toBeLessThan(60_000);
  const prose = withoutCode(text);
  expect(prose).not.toMatch(/[<>@[\]]|javascript|alert|evil/);
  expect(prose.match(/^#+ .*/gm)).toEqual([
    '## Failed: 5 of 9 suites',
    '### Failures',
    '### Devices',
    '### What limited the run',
    '### Flaky, degraded, skipped and the like',
    '### Slowest suites',
  ]);
  const rows = text.split('\n').filter((line) => line.startsWith('| '));
  const cells = (row: string) => row.split(/(?<!\\)\|/).length;
  expect(new Set(rows.map(cells))).toEqual(new Set([10, 7]));
});

/** By the rules of CommonMark: fenced blocks, then spans, each closed by as many backticks as opened it. */
function withoutCode(text: string): string {
  return text
    .replace(/^( *)(`{3,})text\n[\s\S]*?^ *\2$/gm, '')
    .replace(/(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)/g, '');
}
