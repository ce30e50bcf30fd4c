import type { RunEvent } from '../../core/events.js';
import type { Slot } from '../../core/machine/machine.js';
import { jointDemands } from './join-parts.js';
import type { Shard } from './shard-record.js';

/** The events of all shards as one run. Every shard starts at 0, like machines that are all there from the start. */
export function mergedEvents(shards: readonly Shard[]): readonly RunEvent[] {
  const names = machineNames(shards);
  const startedAt = shards.map(({ started }) => started.startedAt).sort()[0] ?? '';
  const [{ started: first }] = shards as [Shard];
  const { index: _index, total: _total, only: _only, root: _root, ...facts } = first;
  const only = shards.every(({ started }) => started.only !== undefined)
    ? [...new Set(shards.flatMap(({ started }) => started.only ?? []))]
    : undefined;
  const run: RunEvent = {
    ...facts,
    atMs: 0,
    startedAt,
    ...(only && { only }),
    ...jointDemands(shards),
  };
  const framed: ReadonlySet<RunEvent['type']> = new Set(['run-started', 'run-opened', 'run-ended']);
  const inner = shards.flatMap((shard) =>
    shard.events.filter(({ type }) => !framed.has(type)).map((event) => renamed(event, names.get(shard))),
  );
  const beforeStart: ReadonlySet<RunEvent['type']> = new Set([
    'shard-planned',
    'machine-known',
    'slot-up',
    'suite-queued',
    'suite-invalid',
    'suite-not-selected',
  ]);
  const isBefore = ({ type }: RunEvent) => beforeStart.has(type);
  // Not by `Math.max(...)`: a call takes no more than about 100,000 arguments.
  const lastAtMs = inner.reduce((latestMs, { atMs }) => Math.max(latestMs, atMs), 0);
  return [
    run,
    ...inner.filter(isBefore).map((event) => ({ ...event, atMs: 0 })),
    { type: 'run-opened', atMs: 0 },
    ...inner.filter((event) => !isBefore(event)).sort((a, b) => a.atMs - b.atMs),
    { type: 'run-ended', atMs: lastAtMs },
  ];
}

/** New machine names by old ones, for each shard: several may have the same name, which is `local` by default. */
function machineNames(shards: readonly Shard[]): ReadonlyMap<Shard, ReadonlyMap<string, string>> {
  const taken = new Set<string>();
  return new Map(
    shards.map((shard) => {
      const names = new Map<string, string>();
      for (const event of shard.events) {
        const name = event.type === 'slot-up' ? event.slot.machine.name : undefined;
        if (name === undefined || names.has(name)) continue;
        const { index } = shard.started;
        const free = name === 'local' ? `shard-${index}` : taken.has(name) ? `${name}-${index}` : name;
        taken.add(free);
        names.set(name, free);
      }
      return [shard, names];
    }),
  );
}

function renamed(event: RunEvent, names: ReadonlyMap<string, string> = new Map()): RunEvent {
  const named = (id: string) => {
    const [name = ''] = id.split('/', 1);
    return `${names.get(name) ?? name}${id.slice(name.length)}`;
  };
  switch (event.type) {
    case 'machine-known': {
      const { machine } = event.machine;
      const name = names.get(machine.name) ?? machine.name;
      return { ...event, machine: { ...event.machine, machine: { ...machine, name } } };
    }
    case 'slot-up': {
      const { id, type, machine } = event.slot;
      const name = names.get(machine.name) ?? machine.name;
      const slot: Slot = { ...event.slot, id: named(id), type: named(type), machine: { ...machine, name } };
      return { ...event, slot };
    }
    case 'successor-named':
    case 'suite-started': {
      const { slotId, partnerSlotIds } = event.placement;
      const partners = partnerSlotIds && { partnerSlotIds: partnerSlotIds.map(named) };
      return { ...event, placement: { ...event.placement, slotId: named(slotId), ...partners } };
    }
    case 'suite-unplaceable':
      return {
        ...event,
        rejections: event.rejections.map((each) => ({ ...each, slotId: named(each.slotId) })),
      };
    case 'machine-lost':
    case 'machine-awaited':
    case 'machine-settled':
    case 'link-measured':
    case 'device-heat':
    case 'device-memory':
    case 'device-turns':
      return { ...event, machine: names.get(event.machine) ?? event.machine };
    case 'slot-down':
    case 'successor-recalled':
    case 'successor-returned':
    case 'late-result':
    case 'attempt-stopped':
    case 'suite-ended':
      return { ...event, slotId: named(event.slotId) };
    default:
      return event;
  }
}
