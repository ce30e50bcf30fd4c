import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../cli/run.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'outputs-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const nasty = 'x\u001b[31m\n::error::boom ##vso[task.complete]\u202e\u0007';
/** What a terminal or the log of a CI service would obey. */
const obeyed = /[^\P{Cc}\n]|^\s*::|##|\p{Bidi_Control}/mu;

function file(content: unknown): string {
  const path = join(directory, 'input.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
}

const scenario = {
  version: 1,
  slots: [{ type: nasty, class: 'gpu' }],
  suites: [
    { id: `${nasty} runs`, durationMs: { [nasty]: 5 } },
    { id: `${nasty} does not`, durationMs: {} },
  ],
};
const machine = { cpuBudget: 2, memoryBudgetBytes: 1e9 };

test.each([
  ['a simulation', ['simulate', '--scenario'], scenario, 0],
  ['a simulation as JSON', ['simulate', '--json', '--scenario'], scenario, 0],
  ['a declared model', ['detect', '--machine'], { devices: [{ id: 'gpu0', class: 'gpu', model: nasty }] }, 0],
  [
    'a mistake',
    ['simulate', '--scenario'],
    { ...scenario, suites: [{ id: nasty, durationMs: { [`${nasty}2`]: 1 } }] },
    2,
  ],
  ['a key of a fleet', ['simulate', '--fleet'], [{ machine, [nasty]: 1 }], 2],
  ['labels of a fleet', ['simulate', '--fleet'], [{ machine, labels: nasty }], 2],
])('%s says names from outside, and nothing in them is obeyed', async (_what, argv, content, expected) => {
  const { code, out, err } = await run([...argv, file(content)]);
  expect(code).toBe(expected);
  expect(out + err).toContain('x');
  expect(out + err).not.toMatch(obeyed);
  if (argv.includes('--json'))
    expect(JSON.parse(out).assignment).toEqual({ [`${nasty} runs`]: `${nasty}#1` });
});

test('flags and names of files too', async () => {
  const { code, err } = await run(['report', `${nasty}.jsonl`]);
  expect(code).toBe(2);
  expect(err).not.toMatch(obeyed);
  expect((await run([nasty])).err).not.toMatch(obeyed);
});
