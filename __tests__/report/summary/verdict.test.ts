import type { RunEvent } from '../../../src/core/events.js';
import { readRecord } from '../../../src/record/read.js';
import { summarise } from '../../../src/report/summary/summary.js';
import { failureCauses } from '../../../src/report/summary/verdict.js';

const eventsOf = (name: string) => readRecord(`fixtures/records/${name}.jsonl`).events;
const causes = (events: readonly RunEvent[]) => failureCauses(summarise(events));

test.each([
  ['mixed', ['tests failed', 'input', 'hardware absent']],
  ['cpu-only', ['tests failed']],
  ['gpu-box', []],
  ['killed', ['tests failed', 'input', 'hardware absent', 'infrastructure']],
  ['cancelled', ['tests failed', 'infrastructure']],
])('%s: %j', (name, expected) => {
  expect(causes(eventsOf(name))).toEqual(expected);
});

test('a suite that is lost', () => {
  const lost = eventsOf('gpu-box').map((event) =>
    event.type === 'suite-ended' ? { ...event, status: 'lost' as const } : event,
  );
  expect(causes(lost)).toEqual(['infrastructure']);
});

test.each([
  [{ requireExecuted: ['npu'] }, 'hardware absent'],
  [{ failOn: ['skipped'] }, 'hardware absent'],
  [{ failOn: ['flaky'] }, 'infrastructure'],
])('%j that is not met', (demand, cause) => {
  const [started, ...others] = eventsOf('gpu-box');
  expect(causes([{ ...started, ...demand } as RunEvent, ...others])).toEqual([cause]);
});
