import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { RunEvent } from '../../src/core/events.js';
import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import { openRecord } from '../../src/record/file.js';
import { readRecord } from '../../src/record/read.js';
import { eventSchemas } from '../../src/record/schema.js';

const mixedPath = 'fixtures/records/mixed.jsonl';
const mixed = readFileSync(mixedPath, 'utf8');
const lines = mixed.trimEnd().split('\n');

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'read-'));
  path = join(directory, 'run.jsonl');
});
afterEach(() => rmSync(directory, { recursive: true }));

test.each(['cpu-only', 'mixed', 'cancelled'])('%s: what was written is read', (name) => {
  const source = `fixtures/records/${name}.jsonl`;
  const { events, truncated } = readRecord(source);
  expect(truncated).toBe(false);

  const copy = openRecord(directory, new Date(0));
  for (const event of events) copy.write(event);
  copy.close();
  expect(readRecord(copy.path).events).toEqual(events);
});

test('there is an event of every type to read', () => {
  const started = readRecord(mixedPath).events.find((event) => event.type === 'suite-started');
  const placement = started?.placement;
  if (placement === undefined) throw new Error('no suite started');
  const permit = { deviceIds: ['gpu0'], locks: [], exclusive: false };
  const rest: RunEvent[] = [
    { atMs: 9, type: 'tick' },
    { atMs: 9, type: 'successor-named', placement, attempt: 1 },
    { atMs: 9, type: 'successor-recalled', suiteId: 'a', slotId: 'local/gpu0#1', attempt: 1 },
    { atMs: 9, type: 'successor-returned', suiteId: 'a', slotId: 'local/gpu0#1', attempt: 1 },
    { atMs: 9, type: 'attempt-stopped', suiteId: 'a', slotId: 'local/gpu0#1', attempt: 1, cause: 'too late' },
    {
      atMs: 9,
      type: 'device-turns',
      machine: 'gpu-box',
      deviceId: 'gpu0',
      free: 0,
      share: 1,
    },
    {
      atMs: 2,
      type: 'device-heat',
      machine: 'local',
      deviceId: 'gpu0',
      hot: true,
      celsius: 91,
      source: 'nvidia-smi',
    },
    {
      atMs: 9,
      type: 'shard-planned',
      planId: '0123456789ab',
      inputs: { planner: '1' },
      index: 1,
      total: 2,
      predictedMs: [3, 4],
      boundMs: 3.5,
      elsewhere: ['b.test.js'],
    },
    { atMs: 9, type: 'device-memory', machine: 'local', deviceId: 'gpu0', takenBytes: 7, by: 'pid 4711' },
    { atMs: 9, type: 'machine-shared', machine: 'local', deviceIds: ['gpu0'] },
    { atMs: 9, type: 'permit-awaited', machine: 'local', permit, by: 'gpu0 is held by pid 4711 in ../app' },
    { atMs: 9, type: 'permit-granted', machine: 'local', permit },
    { atMs: 9, type: 'permit-withdrawn', machine: 'local', permit },
    { atMs: 9, type: 'machine-awaited', machine: 'gpu-box', address: 'ssh://gpu-box' },
    { atMs: 9, type: 'machine-settled', machine: 'gpu-box', problem: 'gpu-box did not answer' },
    {
      atMs: 9,
      type: 'machine-settled',
      machine: 'b',
      treeId: 'a1',
      tookMs: { connect: 1, send: 2, prepare: 3 },
    },
    { atMs: 9, type: 'fault-injected', fault: 'kill', suiteId: 'a', attempt: 1, machine: 'local' },
    { atMs: 9, type: 'results-counted', suites: 2, none: ['a'], several: [] },
    { atMs: 9, type: 'set-aside', machine: 'local', deviceId: 'gpu0', reason: 'is gone: fallen off the bus' },
    { atMs: 9, type: 'suite-given-up', suiteId: 'a', cause: 'took down 2 workers' },
    { atMs: 9, type: 'slot-down', slotId: 'local/gpu0#1', reason: 'the device fell off the bus' },
    { atMs: 9, type: 'machine-lost', machine: 'gpu-box', reason: 'gpu-box was lost: it was closed' },
    { atMs: 9, type: 'link-measured', machine: 'gpu-box', leadMs: 240 },
    { atMs: 9, type: 'late-result', suiteId: 'a', slotId: 'gpu-box/gpu0#1', attempt: 1, status: 'passed' },
  ];
  writeFileSync(path, [...lines, ...rest.map((event) => JSON.stringify(event)), ''].join('\n'));
  const read = [...readRecord(path).events, ...readRecord('fixtures/records/cancelled.jsonl').events];
  expect(new Set(read.map(({ type }) => type))).toEqual(new Set(Object.keys(eventSchemas)));
  expect(read).toEqual(expect.arrayContaining(rest));
});

test('a run killed in the middle of a line leaves a record without that line', () => {
  const killed = readRecord('fixtures/records/killed.jsonl');
  expect(killed.truncated).toBe(true);
  expect(killed.events).toEqual(readRecord(mixedPath).events.slice(0, killed.events.length));
});

test('a record cut anywhere after its first line is read up to the cut', () => {
  const whole = readRecord(mixedPath).events;
  const firstLine = lines[0]?.length ?? 0;
  fc.assert(
    fc.property(fc.integer({ min: firstLine, max: mixed.length }), (length) => {
      writeFileSync(path, mixed.slice(0, length));
      const { events, truncated } = readRecord(path);
      expect(whole.slice(0, events.length)).toEqual(events);
      expect(truncated).toBe(!isLineEnd(length));
    }),
    { numRuns: 50 },
  );
});

test.each<[what: string, text: string, message: string]>([
  ['no line', '', ':1: The file does not begin as a record does.'],
  ['a broken first line', '{"atMs":0,"ty', ':1: The file does not begin as a record does.'],
  ['another JSON lines file', '{"version":1,"runs":[]}\n', 'run-started as the first line'],
  ['an array', '[1]\n', 'run-started as the first line'],
  ['a broken line in the middle', `${lines[0]}\n{"atMs":1,\n${lines[1]}\n`, ':2: The line is not JSON.'],
  ['a broken last line that was written to its end', `${lines[0]}\n{"atMs":\n`, ':2: The line is not JSON.'],
  ['an empty line', `${lines[0]}\n\n${lines[1]}\n`, ':2: The line is not JSON.'],
  ['a number', `${lines[0]}\n12\n`, ':2: The line is no event of a run.'],
  ['a second run', `${lines[0]}\n${lines[0]}\n`, ':2: A second run begins here'],
  ['an unknown event', `${lines[0]}\n{"atMs":1,"type":"suite-teleported"}\n`, 'found:    "suite-teleported"'],
  ['a name every object has', `${lines[0]}\n{"atMs":1,"type":"toString"}\n`, 'found:    "toString"'],
  ['no time', `${lines[0]}\n{"type":"tick"}\n`, ':2: The tick event is wrong at atMs.'],
  ['half a millisecond', `${lines[0]}\n{"type":"tick","atMs":0.5}\n`, ':2: The tick event is wrong at atMs.'],
  [
    'a wrong word deep inside',
    mixed.replace('"class":"gpu"', '"class":"gqu"'),
    'wrong at machine.devices.1.class',
  ],
  ['a newer version', mixed.replace('"version":1', '"version":2'), 'Upgrade jest-runner-hardware'],
  ['a version that is none', mixed.replace('"version":1', '"version":"1"'), 'found:    version "1"'],
  ['no version', mixed.replace('"version":1,', ''), 'found:    no version'],
])('%s is an error that names the place', (_what, text, message) => {
  writeFileSync(path, text);
  expect(() => readRecord(path)).toThrow(UsageError);
  expect(() => readRecord(path)).toThrow(path);
  expect(() => readRecord(path)).toThrow(message);
});

test('a file that is not there is an error that names it', () => {
  expect(() => readRecord(join(directory, 'none.jsonl'))).toThrow('none.jsonl: The record cannot be read.');
});

test('a field that a later version adds is kept', () => {
  const [first = '', ...rest] = lines;
  writeFileSync(path, [first.replace('{', '{"planId":"a1",'), ...rest, ''].join('\n'));
  expect(readRecord(path).events[0]).toHaveProperty('planId', 'a1');
});

test('any damage to a byte is read or refused, never a crash', () => {
  fc.assert(
    fc.property(fc.nat(mixed.length - 1), fc.string({ minLength: 1, maxLength: 3 }), (at, text) => {
      writeFileSync(path, mixed.slice(0, at) + text + mixed.slice(at + 1));
      try {
        readRecord(path);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    }),
    { numRuns: 100 },
  );
});

/** Whether a cut at `length` falls at the end of a line. */
function isLineEnd(length: number): boolean {
  return length === mixed.length || mixed[length] === '\n' || mixed[length - 1] === '\n';
}
