import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent, SuiteEnded } from '../../../src/core/events.js';
import { readRecord } from '../../../src/record/read.js';

/** The records in an output directory, oldest first, each as its events. */
export function readRecords(directory: string): readonly (readonly RunEvent[])[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => /^run-.*\.jsonl$/.test(name))
    .sort()
    .map((name) => join(directory, name))
    .map((path) => (statSync(path).size === 0 ? [] : readRecord(path).events));
}

export function parseLines<T>(text: string): readonly T[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

export function eventsOf<T extends RunEvent['type']>(
  record: readonly RunEvent[],
  type: T,
): readonly Extract<RunEvent, { type: T }>[] {
  return record.filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);
}

/** All ends of a suite's attempts, in order. */
export function endsOf(record: readonly RunEvent[], suiteId: string): readonly SuiteEnded[] {
  return eventsOf(record, 'suite-ended').filter((event) => event.suiteId === suiteId);
}

/**
 * What became of every queued suite, by id: its last attempt's status or why it had none.
 * A suite that was dropped maps to `nothing`; one with two fates to both.
 */
export function fates(record: readonly RunEvent[]): Readonly<Record<string, string>> {
  const fateOf = (suiteId: string) => {
    const found: string[] = [];
    for (const event of record) {
      if (!('suiteId' in event) || event.suiteId !== suiteId) continue;
      if (event.type === 'suite-ended') found.push(event.status);
      else if (event.type === 'suite-requeued') found.pop();
      // The end that counts was told before.
      else if (event.type === 'suite-given-up') continue;
      // It goes on waiting.
      else if (event.type.startsWith('successor-')) continue;
      else found.push(event.type);
    }
    return found.join(', ') || 'nothing';
  };
  return Object.fromEntries(
    eventsOf(record, 'suite-queued').map(({ suite }) => [suite.id, fateOf(suite.id)]),
  );
}

/** Ids of the suites that a run had, in the order in which they were queued. */
export function suitesOf(run: { readonly record: readonly RunEvent[] } | undefined): readonly string[] {
  return eventsOf(run?.record ?? [], 'suite-queued').map(({ suite }) => suite.id);
}
