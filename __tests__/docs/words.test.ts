import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Machine, slotsOf } from '../../src/core/machine/machine.js';
import {
  type Detection,
  isLookedFor,
  isLookedForSomewhere,
  systems,
  type Vocabulary,
  wordDetection,
} from '../../src/core/machine/word-detection.js';
import { neverRejection } from '../../src/core/scheduler/feasibility.js';
import type { WorkloadProfile } from '../../src/core/workload/profile.js';
import { detectMachine } from '../../src/detect/detect.js';
import { recordedHost } from '../../src/host/recorded.js';
import { refusalText } from '../../src/report/text/clauses.js';
import { suite } from '../core/cluster.js';
import { repository, textOf } from './pages.js';

const rows = Object.entries(wordDetection).flatMap(([vocabulary, words]) =>
  Object.entries<Detection>(words).map(([word, detection]) => ({ vocabulary, word, detection })),
);

test('docs/words.md has the table of what detects each word', () => {
  const columns = Object.keys(systems) as (keyof typeof systems)[];
  const expected = [
    `| kind | word | ${Object.values(systems).join(' | ')} |`,
    `| --- | --- | ${columns.map(() => '---').join(' | ')} |`,
    ...rows.map(
      ({ vocabulary, word, detection }) =>
        `| ${vocabulary} | \`${word}\` | ${columns.map((system) => detection[system] ?? '–').join(' | ')} |`,
    ),
  ];
  const table = textOf('docs/words.md')
    .split('\n')
    .filter((line) => line.startsWith('|'));
  expect(table).toEqual(expected);
});

test('the page about detection lists the words that are only declared', () => {
  const [, list = ''] = /nothing looks for:([^.]*)\./.exec(textOf('docs/detection.md')) ?? [];
  const named = [...list.matchAll(/`([\w-]+)`/g)].map(([, word]) => word);
  const expected = rows.filter(({ word }) => !isLookedForSomewhere(word)).map(({ word }) => word);
  expect(new Set(named)).toEqual(new Set(expected));
  expect(expected).toEqual(
    expect.arrayContaining(['nnapi', 'npu-mediatek', 'npu-samsung', 'hybrid', 'int2']),
  );
});

test('whatever is found on a recorded machine is looked for there', async () => {
  const hosts = join(repository, 'fixtures', 'hosts');
  const unlisted: string[] = [];
  for (const name of readdirSync(hosts)) {
    const { devices, machine } = await detectMachine({
      host: recordedHost(join(hosts, name)),
      toolTimeoutMs: 200,
    });
    for (const device of devices) {
      const words: Record<Vocabulary, readonly string[]> = {
        class: [device.class],
        architecture: device.architecture === undefined ? [] : [device.architecture],
        backend: device.backends,
        precision: device.precisions,
        feature: device.features,
      };
      for (const [vocabulary, found] of Object.entries(words) as [Vocabulary, readonly string[]][]) {
        const missing = found.filter((word) => !isLookedFor(vocabulary, word, machine.platform));
        unlisted.push(...missing.map((word) => `${name}: ${vocabulary} ${word} on ${machine.platform}`));
      }
    }
  }
  expect(unlisted).toEqual([]);
}, 60_000);

describe('a suite that asks for what nothing looks for', () => {
  const on = (platform: string): Machine => ({
    version: 1,
    machine: { name: 'local', platform, arch: 'x64', cpuBudget: 2, memoryBudgetBytes: 2 ** 33 },
    devices: [
      {
        id: 'cpu',
        class: 'cpu',
        usable: true,
        software: false,
        backends: ['wasm'],
        precisions: ['fp32'],
        features: [],
        evidence: {},
      },
    ],
    problems: [],
  });
  const refusal = (profile: Partial<WorkloadProfile>, platform: string) => {
    const rejections = slotsOf(on(platform), 1).flatMap(
      (slot) => neverRejection(suite('s', profile), slot, false) ?? [],
    );
    return refusalText(rejections);
  };
  const npu = { hardware: [{ class: 'npu', count: 1 }] } as const;

  test.each<[string, Partial<WorkloadProfile>, string, string]>([
    [
      'a backend',
      { backends: ['nnapi'] },
      'linux',
      'needs nnapi: nnapi is not looked for: declare it in a machine file',
    ],
    [
      'a backend, and a class that is not here either',
      { ...npu, backends: ['nnapi'] },
      'linux',
      'needs nnapi: nnapi is not looked for: declare it in a machine file',
    ],
    [
      'a backend that another system looks for',
      { ...npu, backends: ['qnn'] },
      'darwin',
      'needs qnn: on darwin qnn is not looked for: declare it in a machine file',
    ],
    [
      'a class',
      { hardware: [{ class: 'hybrid', count: 1 }] },
      'win32',
      'needs hybrid: hybrid is not looked for: declare it in a machine file',
    ],
    [
      'features and precisions',
      { features: ['dynamic-precision'], precisions: ['int2'] },
      'linux',
      'needs dynamic-precision and int2: dynamic-precision and int2 are not looked for: declare them in a machine file',
    ],
  ])('%s, is told to declare it', (_, profile, platform, clause) => {
    expect(refusal(profile, platform)).toBe(
      [
        'No device of this run can run this suite:',
        `  ${clause}`,
        "Declare the device in a machine file, or choose unsatisfiable: 'skip' or 'degrade'.",
      ].join('\n'),
    );
  });

  test.each<[string, Partial<WorkloadProfile>, RegExp]>([
    [
      'what other machines have',
      { backends: ['cuda'] },
      /needs cuda: cpu has wasm[\s\S]*Run it where such a device is/,
    ],
    ['any of several precisions', { precisions: ['int2', 'fp8'] }, /needs int2 or fp8: cpu has fp32/],
  ])('but not one that asks for %s', (_, profile, text) => {
    expect(refusal(profile, 'linux')).toMatch(text);
  });
});
