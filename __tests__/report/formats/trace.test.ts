import { readRecord } from '../../../src/record/read.js';
import { type ReportedRun, reportedRun } from '../../../src/report/formats/format.js';
import { traceFormat } from '../../../src/report/formats/trace.js';
import { hostileRun } from './hostile-run.js';
import { type Trace, traceMistakes } from './trace-mistakes.js';

const render = (run: ReportedRun): Trace => JSON.parse(traceFormat.render(run, { color: false, width: 80 }));
const recorded = (name: string) => reportedRun(readRecord(`fixtures/records/${name}.jsonl`).events);

test.each(['cancelled', 'cpu-only', 'gpu-box', 'killed', 'mixed'])('by the format: %s', (name) => {
  const { events } = readRecord(`fixtures/records/${name}.jsonl`);
  for (let length = 0; length <= events.length; length++) {
    expect(traceMistakes(render(reportedRun(events.slice(0, length))))).toEqual([]);
  }
});

test('by the format: names and output by an attacker', () => {
  expect(traceMistakes(render(hostileRun()))).toEqual([]);
});

test('the check finds mistakes', () => {
  const trace = render(recorded('mixed'));
  const complete = trace.traceEvents.filter(({ ph }) => ph === 'X');
  const flow = trace.traceEvents.find(({ ph }) => ph === 's');
  Object.assign(complete[0] ?? {}, { dur: -1 });
  Object.assign(complete[1] ?? {}, { tid: 99 });
  Object.assign(flow ?? {}, { ts: 9e9 });
  expect(traceMistakes(trace)).toEqual([
    expect.stringContaining('dur'),
    expect.stringContaining('99 has no name'),
    expect.stringContaining('flow'),
  ]);
});

test('machines are processes, slots are threads, idle ones too', () => {
  const { traceEvents } = render(recorded('mixed'));
  const names = (kind: string) =>
    traceEvents.filter(({ name }) => name === kind).map(({ args }) => args['name']);
  expect(names('process_name')).toEqual(['local']);
  expect(names('thread_name')).toEqual([
    'cpu#1 AMD EPYC 7B13',
    'cpu#2 AMD EPYC 7B13',
    'gpu0#1 NVIDIA GeForce RTX 4070',
  ]);
});

test('attempts are complete events, and a second attempt is a flow from the first', () => {
  const { traceEvents } = render(recorded('mixed'));
  const suite = 'test/nlp/embeddings.test.ts';
  expect(traceEvents.filter(({ ph, name }) => ph === 'X' && name === suite)).toMatchObject([
    { ts: 4000, dur: 2_000_000, cat: 'lost', args: { attempt: 1, device: 'cpu', machine: 'local' } },
    { ts: 6_104_000, dur: 3_500_000, cat: 'passed', args: { attempt: 2, outcome: 'flaky' } },
  ]);
  expect(traceEvents.filter(({ ph }) => ph === 's' || ph === 'f')).toMatchObject([
    { ph: 's', ts: 2_003_999, name: 'attempt 2' },
    { ph: 'f', ts: 6_104_000, name: 'attempt 2', bp: 'e' },
  ]);
});

test('memory, measured power and temperature are counters', () => {
  const { events } = readRecord('fixtures/records/mixed.jsonl');
  const measured = events.map((event) =>
    event.type === 'suite-ended' && event.suiteId === 'test/vision/train.test.ts'
      ? { ...event, energyJoules: { gpu0: 900 } }
      : event,
  );
  const hot = { machine: 'local', deviceId: 'gpu0', hot: true, celsius: 91, source: 'nvidia-smi' } as const;
  const taken = { machine: 'local', deviceId: 'gpu0', takenBytes: 2 ** 30 } as const;
  const trace = render(
    reportedRun([
      ...measured,
      { atMs: 9604, type: 'device-heat', ...hot },
      { atMs: 9604, type: 'device-memory', ...taken },
    ]),
  );
  expect(traceMistakes(trace)).toEqual([]);
  const counter = (name: string) =>
    trace.traceEvents
      .filter((event) => event.ph === 'C' && event.name === name)
      .map(({ ts, args }) => [ts, ...Object.values(args)]);
  expect(counter('gpu0 power')).toEqual([
    [4000, 200],
    [4_504_000, 0],
  ]);
  expect(counter('gpu0 temperature')).toEqual([[9_604_000, 91]]);
  expect(counter('gpu0 memory of others')).toEqual([[9_604_000, 2 ** 30]]);
  expect(counter('memory peaks of running suites').slice(0, 2)).toEqual([
    [4000, 900_000_000],
    [4_504_000, 180_000_000],
  ]);
});
