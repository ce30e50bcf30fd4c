import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import stringWidth from 'string-width';
import type { RunEvent } from '../../../src/core/events.js';
import { readRecord } from '../../../src/record/read.js';
import { reportedRun } from '../../../src/report/formats/format.js';
import { terminalFormat } from '../../../src/report/formats/terminal.js';

const plain = { color: false, width: 100 };
const record = (name: string) => readRecord(`fixtures/records/${name}.jsonl`).events;
const report = (events: readonly RunEvent[], options = plain) =>
  terminalFormat.render(reportedRun(events), options);

test('when nothing special happened, two lines say it all', () => {
  expect(report(record('cpu-only')).split('\n')).toEqual([
    'Hardware      Failed: 1 of 3 suites in 1.6 s, the best possible, strategy pull',
    'Device        cpu AMD EPYC 7B13, 16 GiB: 2 slots, busy 3.1 s (97 %)',
  ]);
});

test('when much happened: verdict, devices, what would be faster, then each thing with its reason', () => {
  expect(report(record('mixed'), { ...plain, width: 140 }).split('\n')).toEqual([
    'Hardware      Failed: 3 of 9 suites in 9.6 s, 1.52 x the best possible 6.3 s, strategy pull',
    'Machine       local (linux x64, 2 CPUs, 16 GiB)',
    '  device  model                    memory  slots  suites           busy',
    '  cpu     AMD EPYC 7B13            16 GiB      2       4  10.1 s (53 %)',
    '  gpu0    NVIDIA GeForce RTX 4070  12 GiB      1       1   4.5 s (47 %)  declared',
    '  gpu1    NVIDIA Tesla T4          12 GiB                                not usable',
    '  busy: suites held the device; how much of it they used is not measured',
    'Faster        -w 3 would take 4.5 s',
    '  cannot run    test/vision/large.test.ts: needs 24 GiB on the device: gpu0 (NVIDIA GeForce RTX 4070) has 12 GiB; would run on local with 12',
    '                GiB less on the device',
    '  docblock      test/typo.test.ts:2: Unknown pragma @hardwear; did you mean @hardware?',
    '  timed out     test/nlp/slow.test.ts: stopped after @max-time 3s, on local/cpu',
    '  flaky         test/nlp/embeddings.test.ts: killed by SIGKILL at 14.8 GiB of 16 GiB: out of memory, on local/cpu; attempt 2 passed',
    '  degraded      test/edge/wake-word.test.ts: passed on local/cpu, asked for npu',
    '  problem       local: gpu1 (NVIDIA Tesla T4) has no driver; remedy: Install the NVIDIA driver, or mask the device.',
    '  skipped       test/edge/int8.test.ts: needs npu: this machine has cpu, gpu',
    '  not selected  test/browser.test.ts: JEST_HARDWARE_ONLY=cpu,gpu',
  ]);
});

test('a requirement that is not met comes first', () => {
  const npuWanted = record('mixed').map(
    (event): RunEvent => (event.type === 'run-started' ? { ...event, only: ['npu'] } : event),
  );
  const lines = report(npuWanted).split('\n');
  const faster = lines.findIndex((line) => line.startsWith('Faster'));
  expect(lines[faster + 1]).toBe('  unmet         requireExecuted: no suite executed a test on a real npu');
});

test('what failOn refuses is named suite by suite', () => {
  const refusing = record('mixed').map(
    (event): RunEvent => (event.type === 'run-started' ? { ...event, failOn: ['flaky', 'skipped'] } : event),
  );
  expect(report(refusing)).toContain('  failOn        flaky: test/nlp/embeddings.test.ts\n');
  expect(report(refusing)).toContain('  failOn        skipped: test/edge/int8.test.ts\n');
});

test('a killed and a cancelled run say so', () => {
  expect(report(record('killed'))).toContain('the record ends before the run did');
  expect(report(record('killed'))).toContain('test/unit.test.ts: was running on local/cpu');
  expect(report(record('cancelled'))).toContain('cancelled by bail');
  expect(report(record('cancelled'))).toContain('src/tax.test.ts: bail');
});

test('suites with the same reason share a line; more than ten lines send to the record', () => {
  const [started, ...rest] = record('cpu-only');
  const reasonOf = (index: number) =>
    index < 20 ? 'needs gpu: no' : index < 40 ? `needs ${index}: no` : 'needs npu: no';
  const skipped = Array.from(
    { length: 50 },
    (_, index): RunEvent => ({
      atMs: 3,
      type: 'suite-unplaceable',
      suiteId: `gpu/${index}.test.ts`,
      action: 'skip',
      rejections: [
        {
          slotId: 'local/cpu',
          filter: 'x',
          reason: reasonOf(index),
          until: 'never',
        },
      ],
    }),
  );
  const events = [started, ...skipped, ...rest].filter((event) => event !== undefined);
  const lines = report(events).split('\n');
  expect(lines).toContain(
    '  skipped       gpu/0.test.ts, gpu/1.test.ts, gpu/2.test.ts and 17 more: needs gpu: no',
  );
  expect(lines).toHaveLength(2 + 10 + 1);
  expect(lines.at(-1)).toBe('  + 21 more, see the record');
  expect(terminalFormat.render(reportedRun(events), { ...plain, recordPath: 'out/run.jsonl' })).toMatch(
    /see out\/run\.jsonl$/,
  );
});

test('colours only when asked for, and they change nothing else', () => {
  const colored = report(record('mixed'), { ...plain, color: true });
  expect(colored).not.toBe(report(record('mixed')));
  expect(stripVTControlCharacters(colored)).toBe(report(record('mixed')));
});

test('a narrow terminal wraps models and sentences, and cuts nothing', () => {
  const text = report(record('mixed'), { color: false, width: 72 });
  expect(text).not.toContain('…');
  expect(text.split('\n').filter((line) => line.length > 72)).toEqual([]);
  expect(text.replaceAll(/\s+/g, ' ')).toContain(
    'gpu0 NVIDIA 12 GiB 1 1 4.5 s (47 %) declared GeForce RTX 4070',
  );
  expect(text).toContain('did you\n                mean @hardware?\n');
});

test.each([80, 140])('nothing is wider than %d columns, whatever the models are called', (width) => {
  const models = [
    'Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz',
    '東京製アクセラレータ第三世代モデル四十二号機',
    'x'.repeat(90),
  ];
  const events = record('mixed').map((event): RunEvent => {
    if (event.type !== 'machine-known') return event;
    const devices = event.machine.devices.map((device, index) => ({ ...device, model: models[index] ?? '' }));
    return { ...event, machine: { ...event.machine, devices } };
  });
  const lines = report(events, { color: false, width }).split('\n');
  expect(lines.filter((line) => stringWidth(line) > width)).toEqual([]);
  expect(lines.join(' ').replaceAll(/\s+/g, ' ')).toMatch(/cpu Intel Xeon/);
});

test('waits, temperature and measured energy have a column where there are any', () => {
  const later = record('mixed').map((event) => ({ ...event, atMs: event.atMs + 3000 }));
  const events = later.flatMap((event): RunEvent[] => {
    if (event.type === 'suite-started' && event.placement.slotId.includes('gpu0'))
      return [
        {
          atMs: event.atMs,
          type: 'device-heat',
          machine: 'local',
          deviceId: 'gpu0',
          hot: true,
          celsius: 91.4,
          source: 'nvidia-smi',
        },
        { ...event, waitedMs: 2100, waitedFor: 'gpu0 is held by pid 4711 in ../app' },
      ];
    if (event.type === 'suite-ended' && event.slotId.includes('gpu0'))
      return [{ ...event, energyJoules: { gpu0: 312.4 } }];
    return [event];
  });
  const lines = report(events).split('\n');
  expect(lines[2]).toMatch(/busy {2}waited {2}up to {2}energy$/);
  expect(lines[4]).toMatch(/4\.5 s \(47 %\) {3}2\.1 s {2}91 °C {3}312 J {2}declared$/);
});

test('any beginning of a record and any width gives lines without spaces at their ends', () => {
  fc.assert(
    fc.property(fc.constantFrom('mixed', 'cancelled'), fc.nat(40), fc.nat(200), (name, length, width) => {
      const text = report(record(name).slice(0, length), { color: false, width });
      expect(text).toMatch(/^Hardware/);
      expect(text).not.toMatch(/[ ]$/m);
      expect(text).not.toMatch(/undefined|NaN|Infinity/);
    }),
  );
});
