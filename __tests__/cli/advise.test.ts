import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../detect/temporary-host.js';
import { type MadeSuite, madeMachine, madeRecord } from '../simulate/made-record.js';
import { run as runCommand } from './run.js';

const run = (...argv: string[]) => runCommand(['advise', ...argv]);

function fileOf(name: string, content: string): string {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, content);
  return path;
}

const suites: readonly MadeSuite[] = [
  ...Array.from({ length: 20 }, (_, index) => ({ id: `test/cpu-${index}.test.js`, ms: 30_000 })),
  { id: 'test/gpu.test.js', ms: 60_000, profile: { hardware: [{ class: 'gpu', count: 1 }] } },
];
const machines = [madeMachine('gpu-box', { gpus: 1 }), madeMachine('runner-1'), madeMachine('runner-2')];

function record(of = suites): string {
  const lines = madeRecord(machines, of).map((event) => JSON.stringify(event));
  return fileOf('run-1.jsonl', `${lines.join('\n')}\n`);
}

test('the cheapest fleet, the recorded one, and others', async () => {
  const prices = fileOf('prices.json', '{ "gpu-box": 2, "runner": 0.5 }');
  const { code, out } = await run(record(), '--finish-within', '4m', '--prices', prices);
  expect(code).toBe(0);
  expect(out).toMatch(/^Simulated, no suite ran\. .*: 21 suites, 20 runs on each fleet\n/);
  expect(out).toMatch(
    /^1 gpu-box.* within 4 m in (1[89]|20) of 20 runs, for [\d.]+ an hour \(0\.\d+ a run\)$/m,
  );
  expect(out).toMatch(/^> +1 gpu-box/m);
  expect(out).toMatch(/^r +1 gpu-box \+ 2 runner +3 /m);
});

test('JSON: equal seeds give equal advice', async () => {
  const path = record();
  const args = [path, '--finish-within', '4m', '--json', '--runs', '5'];
  const [one, again, other] = await Promise.all([run(...args), run(...args), run(...args, '--seed', '2')]);
  const advice = JSON.parse(one?.out ?? '');
  expect(advice).toMatchObject({
    version: 1,
    simulated: true,
    finishWithinMs: 240_000,
    runs: 5,
    kinds: [
      { name: 'gpu-box', recorded: 1 },
      { name: 'runner', recorded: 2 },
    ],
    recorded: {
      machines: [
        { kind: 'gpu-box', count: 1 },
        { kind: 'runner', count: 2 },
      ],
    },
  });
  expect(advice.advised.totalsMs).toHaveLength(5);
  expect(again?.out).toBe(one?.out);
  expect(other?.out).not.toBe(one?.out);
});

test('a suite that alone is too long', async () => {
  const { code, out } = await run(record(), '--finish-within', '20s');
  expect(code).toBe(1);
  expect(out).toContain('No fleet finishes within 20 s: test/gpu.test.js alone takes 1 m on gpu-box/gpu0');
  expect(out).toMatch(/of the runs the longest suite ends within .*: .* too late\./);
  expect(out).toContain('split test/gpu.test.js');
});

test('setup that alone takes longer', async () => {
  const { code, out } = await run(record(), '--finish-within', '2m', '--setup', '2m');
  expect(code).toBe(1);
  expect(out).toContain('No fleet finishes within 2 m: the setup of a machine alone takes 2 m.');
});

test('fewer machines than it takes', async () => {
  const { code, out } = await run(record(), '--finish-within', '100s', '--most-machines', '1');
  expect(code).toBe(1);
  expect(out).toContain('No fleet of up to 1 machine finishes within 1.7 m');
});

test('further kinds from a fleet file, without a record of them', async () => {
  const fleet = fileOf(
    'fleet.json',
    '[{"machine": {"name": "big", "cpuBudget": 32, "memoryBudgetBytes": "64GiB"}, "workers": 31}]',
  );
  const cpuOnly = suites.filter(({ profile }) => profile === undefined);
  const { code, out } = await run(record(cpuOnly), '--finish-within', '70s', '--fleet', fleet);
  expect(code).toBe(0);
  expect(out).toMatch(/^1 big finishes within/m);
  expect(out).toContain('no suite ran on big yet');
});

test.each(['json', 'csv', 'svg', 'html'])('%s', async (end) => {
  const path = join(temporaryDirectory(), `advice.${end}`);
  expect(await run(record(), '--finish-within', '4m', '--runs', '3', '--output', path)).toMatchObject({
    code: 0,
    err: '',
  });
  const text = readFileSync(path, 'utf8');
  expect(text).toContain('gpu-box');
  if (end === 'svg' || end === 'html')
    expect(text).toMatch(/Simulated: .* within 4 m.*simulated: no suite ran/s);
});

test.each<[string, number, string, string]>([
  ['{\n  "gpu-box": 2,\n  "runer": 1\n}', 3, 'there is no kind of machine `runer`', 'write `runner`'],
  ['{\n  "gpu-box": 2\n}', 1, '`runner` has no price', 'add "runner"'],
  ['{\n  "gpu-box": -2\n}', 2, 'the price of `gpu-box` is wrong', '-2'],
  ['{\n  "gpu-box": "2"\n}', 2, 'the price of `gpu-box` is wrong', '"2"'],
  ['[1]', 1, 'this is no table of prices', 'a list'],
  ['{ "gpu-box": 2', 1, 'this is not JSON', '`}`'],
  ['{ "gpu-box": null, "runner": null }', 1, 'no kind of machine can be had', ''],
])('prices %j: names line %d', async (content, line, message, more) => {
  const path = fileOf('prices.json', content);
  const { code, err } = await run(record(), '--finish-within', '4m', '--prices', path);
  expect(code).toBe(2);
  expect(err).toContain(`${path}:${line}: ${message}`);
  expect(err).toContain(more);
});

test.each([
  [[], '`--finish-within` is missing', 'a time such as'],
  [['--finish-within', 'soon'], '`--finish-within` cannot be `soon`', 'a time such as'],
  [['--finish-within', '4m', '--output', 'x.pdf'], 'unknown kind of file', '.json'],
  [['--finish-within', '4m', '--prices', 'none.json'], 'the prices cannot be read', 'ENOENT'],
  [['--finish-within', '4m', '--confidence', '2'], '`--confidence` cannot be "2"', 'from 0 to 1'],
])('%j: says what is wrong', async (argv, message, more) => {
  const { code, err } = await run(record(), ...argv);
  expect(code).toBe(2);
  expect(err).toContain(message);
  expect(err).toContain(more);
});

test('a record without a duration', async () => {
  const { code, err } = await run(record([]), '--finish-within', '4m');
  expect(code).toBe(2);
  expect(err).toContain('no suite of the record has a duration');
});
