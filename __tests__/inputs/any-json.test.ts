import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseOptions } from '../../src/config/options.js';
import { slotsOf } from '../../src/core/machine/machine.js';
import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import { readFleet } from '../../src/machine-file/fleets.js';
import { readMachineFile } from '../../src/machine-file/read.js';
import { readHistory } from '../../src/record/history-file.js';
import { readRecord } from '../../src/record/read.js';
import { readPlanFile } from '../../src/shard/plan/plan-file.js';
import { caseOf } from '../../src/simulate/scenario/case.js';
import { parseScenario } from '../../src/simulate/scenario/read.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'any-json-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function fileOf(text: string): string {
  const path = join(directory, 'input.json');
  writeFileSync(path, text);
  return path;
}

/** Keys and values that our formats know, so that what is made gets past the first check. */
const keys = [
  'version',
  'type',
  'atMs',
  'slots',
  'suites',
  'machines',
  'machine',
  'devices',
  'id',
  'class',
  'count',
  'name',
  'durationMs',
  'cpuBudget',
  'memoryBudgetBytes',
  'workers',
  'shares',
  'labels',
  'profiles',
  'workloads',
  'shards',
  'hardware',
  'kinds',
  'needs',
  'runs',
  'reversion',
  'watts',
  'planId',
  'inputs',
  'predictedMs',
  'performance',
  'bindingEnv',
  'toString',
  '__proto__',
  'constructor',
];
const words = [
  'gpu',
  'cpu',
  'a',
  '',
  'run-started',
  'suite-ended',
  'box/cpu#1',
  '8GiB',
  'fp32',
  '+(a|a*)b',
  '\u0000',
  '::error::x',
  '\u001b[31m',
];
const leaf = fc.oneof(
  fc.constantFrom(null, true, false, 0, 1, 2, -1, 0.5, 1e12, 1e308, 2 ** 53, ...words),
  fc.string({ maxLength: 8 }),
  fc.double(),
);
const { anything } = fc.letrec((tie) => ({
  anything: fc.oneof({ maxDepth: 5, withCrossShrink: true }, leaf, tie('list'), tie('object')),
  list: fc.array(tie('anything'), { maxLength: 4 }),
  object: fc.dictionary(fc.constantFrom(...keys), tie('anything'), { maxKeys: 6 }),
}));
const json = anything.map((value) => JSON.stringify(value));

/** Right inputs, with one value of any kind put in somewhere. */
const right = [
  [
    {
      machine: { name: 'a', cpuBudget: 8, memoryBudgetBytes: '8GiB' },
      devices: [{ id: 'gpu0', class: 'gpu', shares: 2 }],
      count: 2,
      workers: 4,
      labels: ['x'],
    },
  ],
  {
    version: 1,
    slots: [{ type: 'a', count: 2, class: 'gpu' }],
    machines: [],
    suites: [{ id: 's', durationMs: { a: 5 }, actualMs: 6 }],
    seed: 1,
  },
  {
    version: 2,
    project: 'p',
    runs: [],
    reversion: [0, 0],
    kinds: ['cpu'],
    needs: [{ hardware: [{ class: 'gpu', count: 1 }] }],
    watts: { cpu: 2 },
  },
  {
    type: 'run-started',
    atMs: 0,
    version: 1,
    startedAt: '2026-01-01T00:00:00.000Z',
    packageVersion: '0.1.0',
    strategy: 'pull',
    filtered: false,
    coverage: false,
    requireExecuted: [],
  },
  {
    strategy: 'pull',
    machine: {},
    shards: [{}],
    profiles: { '*.js': { hardware: 'gpu' } },
    workloads: { x: { minMemory: '1GB' } },
    unsatisfiable: 'wait 2m',
  },
  {
    version: 1,
    planId: 'x',
    inputs: { assignments: 'y' },
    predictedMs: [1],
    boundMs: 1,
    knownSuites: 1,
    shards: [['a']],
  },
];
const damaged = fc.tuple(fc.constantFrom(...right), fc.nat(), anything).map(([value, place, other]) => {
  let at = -1;
  let count = 0;
  JSON.stringify(value, (_key, each: unknown) => {
    count++;
    return each;
  });
  return JSON.stringify(value, (_key, each: unknown) => (++at === place % count ? other : each)) ?? 'null';
});

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  'a machine file': (text) => readMachineFile(fileOf(text)),
  'a fleet': (text) => readFleet(fileOf(text)).flatMap(({ machine, workers }) => slotsOf(machine, workers)),
  'a scenario': (text) => caseOf(parseScenario(text, 'scenario.json')),
  'a record': (text) => readRecord(fileOf(`${text}\n${text}`)),
  'a history': (text) => readHistory(fileOf(`${text}\n${text}`)),
  'a plan': (text) => readPlanFile(fileOf(text), 1, undefined),
  options: (text) => parseOptions(JSON.parse(text), 'options'),
};

test.each(Object.keys(readers))(
  '%s of any JSON is a value or a usage error that does nothing to a terminal',
  (name) => {
    fc.assert(
      fc.property(
        fc.oneof(
          json,
          damaged,
          damaged.map((text) => text.slice(0, -3)),
        ),
        (text) => {
          if (name === 'options' && !isJson(text)) return;
          try {
            readers[name]?.(text);
          } catch (error) {
            if (!(error instanceof UsageError)) throw error;
            expect(error.message).not.toMatch(/[^\P{Cc}\n]|::|##/u);
            expect(error.message.length).toBeLessThan(50_000);
          }
        },
      ),
      { numRuns: 400 },
    );
  },
);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
