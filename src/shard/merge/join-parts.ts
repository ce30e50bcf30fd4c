import type { RunEvent, RunStarted } from '../../core/events.js';
import type { Shard } from './shard-record.js';

/** Joins the records of each shard: Jest projects with different options run one after another and leave a record each. */
export function joinedParts(parts: readonly Shard[]): readonly Shard[] {
  const shards = new Map<number, Shard>();
  for (const part of parts) {
    const { index } = part.started;
    const before = shards.get(index);
    shards.set(index, before ? joined(before, part) : part);
  }
  return [...shards.values()];
}

function joined(first: Shard, next: Shard): Shard {
  const laterMs = Math.max(0, Date.parse(next.started.startedAt) - Date.parse(first.started.startedAt));
  const told = new Set(first.events.map(commonOf));
  const added = next.events
    .filter((event) => event.type !== 'run-started' && !(commonOf(event) && told.has(commonOf(event))))
    .map((event) => ({ ...event, atMs: event.atMs + laterMs }));
  return {
    ...first,
    started: {
      ...first.started,
      ...jointDemands([first, next]),
    },
    events: [...first.events, ...added],
    own: new Set([...first.own, ...next.own]),
    seen: new Set([...first.seen, ...next.seen]),
  };
}

/** Key of an event that every part repeats: the parts have machine, slots and plan in common. */
function commonOf(event: RunEvent): string | undefined {
  switch (event.type) {
    case 'machine-known':
      return `machine ${event.machine.machine.name}`;
    case 'slot-up':
      return `slot ${event.slot.id}`;
    case 'shard-planned':
      return 'plan';
    default:
      return undefined;
  }
}

/** Facts of the joined run: what any of its parts was asked for. */
export function jointDemands(
  parts: readonly Pick<Shard, 'started'>[],
): Pick<RunStarted, 'filtered' | 'coverage' | 'requireExecuted' | 'failOn'> {
  const starts = parts.map(({ started }) => started);
  const failOn = new Set(starts.flatMap((started) => started.failOn ?? []));
  return {
    filtered: starts.some(({ filtered }) => filtered),
    coverage: starts.some(({ coverage }) => coverage),
    requireExecuted: [...new Set(starts.flatMap(({ requireExecuted }) => requireExecuted))],
    ...(failOn.size > 0 && { failOn: [...failOn] }),
  };
}
