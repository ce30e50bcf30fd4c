import type { RunEvent } from '../../../src/core/events.js';
import { readRecord } from '../../../src/record/read.js';
import { reportedRun } from '../../../src/report/formats/format.js';
import { terminalFormat } from '../../../src/report/formats/terminal.js';
import { summarise } from '../../../src/report/summary/summary.js';

const { events } = readRecord('fixtures/records/mixed.jsonl');
/** The record, with these waits of its first starts: [ms, for whom]. */
function waiting(...waits: readonly (readonly [number, string])[]): readonly RunEvent[] {
  const left = [...waits];
  return events.map((event): RunEvent => {
    const [waitedMs, waitedFor] = (event.type === 'suite-started' && left.shift()) || [];
    return waitedMs === undefined || waitedFor === undefined
      ? event
      : ({ ...event, atMs: event.atMs + 20_000, waitedMs, waitedFor } as RunEvent);
  });
}
const app = 'gpu0 is held by pid 4711 in ../app';
const terminal = (...waits: readonly (readonly [number, string])[]) =>
  terminalFormat.render(reportedRun(waiting(...waits)), { color: false, width: 100 });

test('a wait stands in the summary, with its suite and in the terminal', () => {
  const summary = summarise(waiting([12_000, app]));
  expect(summary.waits).toEqual([{ waitedFor: 'gpu0', waitedMs: 12_000, heldBy: ['pid 4711 in ../app'] }]);
  expect(summary.suites.filter(({ waitedMs }) => waitedMs !== undefined)).toMatchObject([
    { waitedMs: 12_000, waitedFor: app },
  ]);
  expect(terminal([12_000, app])).toContain('\n  waited        for gpu0 12 s (held by pid 4711 in ../app)');
});

test('waits at the same time count once, holders are listed', () => {
  const [wait] = summarise(waiting([12_000, app], [12_000, 'gpu0 is held by pid 9 in ../web'])).waits;
  expect(wait?.waitedMs).toBeLessThan(24_000);
  expect(wait?.heldBy).toEqual(['pid 4711 in ../app', 'pid 9 in ../web']);
});

test('suites of this run, and waits of less than a second, are not worth a line', () => {
  expect(summarise(waiting([5000, 'gpu0 is held by another suite of this run'])).waits).toEqual([]);
  expect(terminal([900, app])).not.toContain('waited');
});
