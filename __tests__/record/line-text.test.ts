import type { RunEvent } from '../../src/core/events.js';
import { LineReader, LineWriter, recordText } from '../../src/record/line-text.js';
import { readRecord } from '../../src/record/read.js';
import { largeRun } from '../report/large-run.js';

const recorded = ['mixed', 'cancelled', 'cpu-only', 'gpu-box', 'killed'].map(
  (name) => [name, readRecord(`fixtures/records/${name}.jsonl`).events] as const,
);

test.each([...recorded, ['a large run', largeRun(500)] as const])(
  'every event of %s is read as it was written',
  (_name, events) => {
    const reader = new LineReader();
    const lines = recordText(events).trimEnd().split('\n');
    expect(lines.map((line) => reader.wholeEvent(JSON.parse(line)))).toEqual(events);
  },
);

test('a line leaves out what is so for most suites', () => {
  const events = largeRun(10).filter(({ type }) => type.startsWith('suite-'));
  const writer = new LineWriter();
  const [queued, started, ended] = ['suite-queued', 'suite-started', 'suite-ended'].map((type) =>
    JSON.parse(writer.lineOf(events.find((event) => event.type === type) as RunEvent)),
  );
  expect(queued.suite).toEqual({
    id: expect.any(String),
    number: 1,
    profile: { hardware: [{ class: 'gpu' }] },
    fileBytes: 1000,
  });
  expect(started.placement).toEqual({
    suiteId: 1,
    slotId: expect.any(String),
    estimate: expect.not.objectContaining({ basis: expect.anything() }),
  });
  expect(ended).toEqual(expect.not.objectContaining({ attempt: 1 }));
  expect(ended.suiteId).toBe(1);
});

test('a record of a large run takes at most 600 bytes a suite', () => {
  expect(Buffer.byteLength(recordText(largeRun(10_000))) / 10_000).toBeLessThanOrEqual(600);
});

test('a suite whose own line is lost cannot be told by its number', () => {
  const line = { atMs: 5, type: 'suite-ended', suiteId: 1, slotId: 'local/cpu#1', durationMs: 5 };
  expect(new LineReader().wholeEvent(line)).toMatchObject({ suiteId: 1 });
});

test.each([
  ['suite-queued', { suite: { id: 'a', profile: null } }],
  ['suite-queued', { suite: 7 }],
  ['suite-started', { placement: { claim: [], estimate: 'long', slotId: null } }],
  ['suite-started', {}],
])('what is wrong in a line of %s stays as it is: %j', (type, fields) => {
  expect(new LineReader().wholeEvent({ type, ...fields })).toMatchObject(fields);
});
