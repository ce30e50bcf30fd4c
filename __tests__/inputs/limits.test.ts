import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseOptions } from '../../src/config/options.js';
import { slotsOf } from '../../src/core/machine/machine.js';
import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import { applyMachineFile } from '../../src/machine-file/apply.js';
import { parseMachine } from '../../src/machine-file/read.js';
import { readHistory } from '../../src/record/history-file.js';
import { readRecord } from '../../src/record/read.js';
import { run } from '../cli/run.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'limits-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, content: unknown): string {
  const path = join(directory, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const deepList = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
const deepObject = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;

describe('JSON of too many levels is named with its place', () => {
  test.each([
    ['a scenario', '--scenario', deepList],
    ['a scenario of objects', '--scenario', deepObject],
    ['a fleet', '--fleet', deepList],
    ['a fleet of objects', '--fleet', `\n${deepObject}`],
  ])('%s', async (_what, flag, content) => {
    const path = file('deep.json', content);
    const { code, err } = await run(['simulate', flag, path]);
    expect(code).toBe(2);
    expect(err).toContain(`${path}:${content.startsWith('\n') ? 2 : 1}: this JSON has too many levels`);
    expect(err).toContain('at most 100 levels');
  });

  test('a machine file', async () => {
    const path = file('deep.json', deepObject);
    const { code, err } = await run(['detect', '--machine', path]);
    expect([code, err]).toEqual([2, expect.stringContaining(`${path}:1: this JSON has too many levels`)]);
  });

  test('a record, in whichever line', () => {
    const started = {
      type: 'run-started',
      atMs: 0,
      version: 1,
      startedAt: '2026-01-01T00:00:00.000Z',
      packageVersion: '0.1.0',
      strategy: 'pull',
      filtered: false,
      coverage: false,
      requireExecuted: [],
    };
    const path = file('run.jsonl', `${JSON.stringify(started)}\n{"type":${deepList}}\n`);
    expect(() => readRecord(path)).toThrow(`${path}:2: The line has too many levels.`);
  });

  test('a history starts anew', () => {
    const { state, problem } = readHistory(file('history.jsonl', `${deepObject}\n`));
    expect([state, problem]).toEqual(['damaged', expect.stringContaining('history.jsonl:1: ')]);
  });

  test('options', () => {
    const machine: unknown = JSON.parse(deepObject);
    expect(() => parseOptions({ machine }, 'options')).toThrow(UsageError);
    expect(() => parseOptions({ machine }, 'options')).toThrow('too many levels');
  });

  test('brackets inside of texts are no levels', () => {
    const brackets = '[{'.repeat(300);
    expect(
      parseMachine({ devices: [{ id: 'a', class: 'gpu', model: brackets }] }, 'test').devices,
    ).toHaveLength(1);
    const line = JSON.stringify({ type: brackets, text: `"\\${brackets}` });
    expect(() => readRecord(file('run.jsonl', `${line}\n`))).toThrow('does not begin as a record does');
  });
});

describe('what would take all memory or time is refused before', () => {
  const budget = (cpuBudget: number) => ({ machine: { cpuBudget, memoryBudgetBytes: 1e9 } });

  test.each([
    ['a budget', [budget(1e12)], '`machine.cpuBudget` is wrong', 'at most 8192', '1000000000000'],
    ['workers', [{ ...budget(8), workers: 1e12 }], '`workers` is wrong', 'from 1 to 8192', '1000000000000'],
    [
      'machines',
      [
        { ...budget(8), count: 6000 },
        { ...budget(8), count: 6000 },
      ],
      'too many machines',
      'at most 10000',
      '12000',
    ],
    [
      'slots',
      [{ ...budget(8), workers: 8000, count: 20 }],
      'too many places where suites run',
      'at most 100000 slots',
      '104000',
    ],
  ])('of a fleet: %s', async (_what, fleet, message, expected, found) => {
    const { code, err } = await run(['simulate', '--fleet', file('fleet.json', fleet)]);
    expect(code).toBe(2);
    for (const part of [message, `expected: `, expected, `found:    ${found}`]) expect(err).toContain(part);
  });

  test('of a scenario: a million slots, at once or in parts', async () => {
    const scenario = (slots: readonly unknown[]) => file('scenario.json', { version: 1, slots, suites: [] });
    const once = await run(['simulate', '--scenario', scenario([{ type: 'a', count: 1e6 }])]);
    expect([once.code, once.err]).toEqual([2, expect.stringContaining('an integer from 1 to 100000')]);
    const parts = [1, 2, 3].map((n) => ({ type: `a${n}`, count: 50_000 }));
    const several = await run(['simulate', '--scenario', scenario(parts)]);
    expect([several.code, several.err]).toEqual([2, expect.stringContaining('found:    150000 slots')]);
  });

  test('of a simulation: suites times kinds of slots', async () => {
    const { code, err } = await run(['simulate', '--workers', '10000', '--tasks', '10000']);
    expect(code).toBe(2);
    expect(err).toContain('the simulation is too large');
    expect(err).toContain('at most 1000000 suites × kinds of slots');
  });

  test('of a machine: workers', () => {
    const cpu = {
      id: 'cpu',
      class: 'cpu',
      usable: true,
      software: false,
      backends: [],
      precisions: [],
      features: [],
      evidence: {},
    } as const;
    const machine = { name: 'box', platform: 'linux', arch: 'x64', cpuBudget: 8, memoryBudgetBytes: 1e9 };
    expect(() => slotsOf({ version: 1, machine, devices: [cpu], problems: [] }, 1e12)).toThrow(UsageError);
  });
});

test('twenty thousand declared devices are checked, applied and numbered in one pass each', () => {
  const devices = Array.from({ length: 20_000 }, (_, index) => ({
    id: `gpu${index}`,
    class: 'gpu',
    vendor: index % 2 === 0 ? 'nvidia' : 'amd',
  }));
  const facts = { name: 'local', platform: 'linux', arch: 'x64', cpuBudget: 8, memoryBudgetBytes: 1e9 };
  const applied = applyMachineFile(
    { version: 1, machine: facts, devices: [], problems: [] },
    parseMachine({ devices }, 'big.json'),
    { env: {}, platform: 'linux' },
  );
  expect(applied.devices.at(-2)?.bindingEnv).toMatchObject({ CUDA_VISIBLE_DEVICES: '9999' });
  expect(applied.devices).toHaveLength(20_000);
  expect(() => parseMachine({ devices: [...devices, { id: 'gpu7', class: 'gpu' }] }, 'big.json')).toThrow(
    '`devices[20000].id`: two devices have the same id',
  );
});

test('a file full of mistakes names the first ones', () => {
  const devices = Array.from({ length: 1000 }, () => ({ id: 'no id', class: 'x'.repeat(1e5) }));
  try {
    parseMachine({ devices }, 'wrong.json');
    throw new Error('accepted');
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).problems).toHaveLength(20);
    expect((error as UsageError).message.length).toBeLessThan(20_000);
  }
});
