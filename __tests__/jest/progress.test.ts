import type { RunEvent } from '../../src/core/events.js';
import { Progress } from '../../src/jest/run/progress.js';
import { readRecord } from '../../src/record/read.js';

const events = readRecord('fixtures/records/gpu-box.jsonl').events;
const startOnGpu0 = events.findIndex(
  (event) => event.type === 'suite-started' && event.placement.slotId.includes('gpu0'),
);
const heldUp = events.slice(0, startOnGpu0 + 1);

/** What is said minute by minute, or in steps of ten seconds on a terminal, while nothing more happens. */
function told(
  isTerminal: boolean,
  happened: readonly RunEvent[],
  steps: number,
  last: readonly RunEvent[] = [],
) {
  const lines: string[] = [];
  let nowMs = 0;
  let step: (() => void) | undefined;
  const progress = new Progress({
    say: (line) => lines.push(line),
    isTerminal,
    clock: {
      now: () => nowMs,
      every(ms, call) {
        const openedAtMs = nowMs;
        let count = 0;
        step = () => {
          nowMs = openedAtMs + ms * ++count;
          call();
        };
        return () => {
          step = undefined;
        };
      },
    },
  });
  for (const event of happened) {
    progress.event(event);
    // As in a real run, suites start a moment after it was opened.
    nowMs++;
  }
  for (let count = 0; count < steps; count++) step?.();
  for (const event of last) progress.event(event);
  step?.();
  return lines;
}

test('a log gets a line a minute, with the devices and who waits for them', () => {
  const lines = told(false, heldUp, 1);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^still running: .* on gpu0 for 1 m/);
  expect(lines[1]).toMatch(/^still running: .* on gpu0 for 2 m/);
});

test('a terminal gets a line when there is something new', () => {
  expect(told(true, heldUp, 5)).toEqual([expect.stringMatching(/ on gpu0 for 10 s/)]);
});

test('who waits for a device that is busy is said', () => {
  const isGpu1 = (event: RunEvent) => event.type === 'slot-up' && event.slot.device.id === 'gpu1';
  const [line] = told(
    false,
    heldUp.filter((event) => !isGpu1(event)),
    1,
  );
  expect(line).toMatch(/; \S+ (?:and \d more wait|waits) for gpu0$/);
});

test('nothing is said of short suites, nor after the end', () => {
  expect(told(false, events, 3)).toEqual([]);
  expect(told(false, heldUp, 0, [{ atMs: 9, type: 'run-cancelled', cause: 'bail' }])).toEqual([]);
});

test('a machine that has not joined is waited for', () => {
  const awaited: RunEvent = {
    atMs: 0,
    type: 'machine-awaited',
    machine: 'gpu-box',
    address: 'ssh://gpu-box',
  };
  const settled: RunEvent = { atMs: 0, type: 'machine-settled', machine: 'gpu-box' };
  const opened = events.slice(0, events.findIndex(({ type }) => type === 'run-opened') + 1);
  expect(told(true, [awaited, ...opened], 1, [settled])).toEqual([
    'waiting for gpu-box for 10 s; no device so far can run test/wake-word.test.js',
  ]);
  expect(told(false, [awaited, ...heldUp], 1)[0]).toMatch(
    /^still running: .* for 1 m.*; waiting for gpu-box for 1 m/,
  );
  const onGpus = (event: RunEvent) => event.type === 'slot-up' && event.slot.device.class === 'gpu';
  const [first = ''] = told(true, [awaited, ...heldUp.filter((event) => !onGpus(event))], 1);
  expect(first).toMatch(/waiting for gpu-box for 10 s; no device so far can run test\/\S+ and \d more$/);
});
