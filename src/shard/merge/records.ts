import type { RunEvent, RunStarted, ShardPlanned } from '../../core/events.js';
import type { Slot } from '../../core/machine/machine.js';
import { UsageError, type UsageProblem } from '../../core/vocabulary/usage-error.js';
import { newestAttempts } from './attempts.js';
import type { Shard, ShardRecord } from './shard-record.js';

export interface MergedRun {
  /** Of one run, as if it had had all machines. */
  readonly events: readonly RunEvent[];
  readonly shardCount: number;
  /** One sentence each for a person: what is odd, but loses nothing. */
  readonly notes: readonly string[];
  /** Records of earlier attempts, and copies: neither they nor what lies beside them counts. */
  readonly leftOut: readonly string[];
  /** How the run was divided; undefined: nobody recorded it. */
  readonly division: MergedDivision | undefined;
}

export interface MergedDivision {
  readonly planned: ShardPlanned;
  readonly commit: string | undefined;
  /** Index of the shard by suite id, of other runners' suites too. */
  readonly shardOf: ReadonlyMap<string, number>;
}

/**
 * The shards of one run as one run.
 * @throws {UsageError} when they are not all of one run, or a suite has no result or two.
 */
export function mergeRecords(records: readonly ShardRecord[]): MergedRun {
  const { parts, twins, leftOut, notes } = newestAttempts(records.map(shardOf).sort(byIndexAndTime));
  const problems = [...mismatches(parts), ...(parts.length === 0 ? [noShards] : [])];
  if (problems.length === 0) problems.push(...twins, ...missingShards(parts));
  const shards = joinedParts(parts);
  if (problems.length === 0) problems.push(...wrongSuites(shards));
  if (problems.length > 0) throw new UsageError(problems);
  return {
    events: mergedEvents(shards),
    shardCount: shards.length,
    notes: [...notes, ...unseenSuites(shards)],
    leftOut,
    division: divisionOf(shards),
  };
}

function divisionOf(shards: readonly Shard[]): MergedDivision | undefined {
  const [first] = shards;
  if (first?.planned === undefined) return undefined;
  const shardOf = shards.flatMap(({ started, planned, own }) =>
    [...own, ...(planned?.own ?? [])].map((id) => [id, started.index - 1] as const),
  );
  return { planned: first.planned, commit: first.started.commit, shardOf: new Map(shardOf) };
}

const noShards: UsageProblem = {
  message: 'there are no records of shards to merge',
  expected: 'the run-….jsonl of each shard, from runs with --shard',
  remedy:
    "upload each shard's output directory (.jest-hardware) as an artefact, and name the folder they are in",
};

function shardOf({ path, events }: ShardRecord): Shard {
  const started = events.find((event) => event.type === 'run-started');
  const planned = events.find((event) => event.type === 'shard-planned');
  if (started?.index === undefined || started.total === undefined) {
    throw new UsageError({
      file: path,
      message: 'the record is not that of a shard',
      remedy: 'leave it out',
    });
  }
  const own = new Set(
    events.flatMap((event) =>
      event.type === 'suite-queued'
        ? event.suite.id
        : event.type === 'suite-invalid' || event.type === 'suite-not-selected'
          ? event.suiteId
          : [],
    ),
  );
  const { index, total } = started;
  return {
    path,
    events,
    started: { ...started, index, total },
    planned,
    own,
    seen: new Set([...own, ...(planned?.elsewhere ?? [])]),
  };
}

function byIndexAndTime({ started: a }: Shard, { started: b }: Shard): number {
  return a.index - b.index || Date.parse(a.startedAt) - Date.parse(b.startedAt);
}

/** Each shard as one: Jest runs projects of different options one after another, and each leaves a record of its own. */
function joinedParts(parts: readonly Shard[]): readonly Shard[] {
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
      filtered: first.started.filtered || next.started.filtered,
      coverage: first.started.coverage || next.started.coverage,
      requireExecuted: [...new Set([...first.started.requireExecuted, ...next.started.requireExecuted])],
      ...failOnOf([first, next]),
    },
    events: [...first.events, ...added],
    own: new Set([...first.own, ...next.own]),
    seen: new Set([...first.seen, ...next.seen]),
  };
}

/** What any of the parts refuses. */
function failOnOf(parts: readonly { readonly started: RunStarted }[]): Pick<RunStarted, 'failOn'> {
  const states = new Set(parts.flatMap(({ started }) => started.failOn ?? []));
  return states.size === 0 ? {} : { failOn: [...states] };
}

/** A name for what each part tells of the machine and the plan, which they have in common. */
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

/** What keeps two records from being of one run. */
function mismatches([first, ...others]: readonly Shard[]): UsageProblem[] {
  if (first === undefined) return [];
  const found: UsageProblem[] = [];
  const differ = ({ path }: Shard, message: string, expected: string, is: string, remedy?: string) =>
    found.push({ file: path, message, expected, found: is, ...(remedy && { remedy }) });
  for (const shard of others) {
    const [a, b] = [first.started, shard.started];
    if (a.total !== b.total) {
      differ(shard, 'a shard of another division', `of ${a.total}, as ${first.path}`, `of ${b.total}`);
    } else if (first.planned?.planId !== shard.planned?.planId) {
      const inputs = Object.entries(first.planned?.inputs ?? {}).flatMap(([name, value]) => {
        const other = shard.planned?.inputs[name];
        return other === value ? [] : `${name} ${other ?? 'nothing'}, not ${value}`;
      });
      differ(
        shard,
        `a shard of another plan: ${inputs.join('; ') || 'made without one'}`,
        `plan ${first.planned?.planId ?? 'none'}, as ${first.path}`,
        `plan ${shard.planned?.planId ?? 'none'}`,
        'let all shards and their later attempts follow one file (plan --output FILE, JEST_HARDWARE_PLAN), and run them again; without it, they need the same history file, option `shards` and version of jest-runner-hardware',
      );
    }
    if (a.commit !== b.commit) {
      differ(
        shard,
        'a shard of another commit',
        a.commit ?? 'none',
        b.commit ?? 'none',
        'merge shards of one commit',
      );
    }
  }
  return found;
}

function missingShards(parts: readonly Shard[]): UsageProblem[] {
  const total = parts[0]?.started.total ?? 0;
  return Array.from({ length: total }, (_, at) => at + 1).flatMap((index): UsageProblem[] => {
    const own = parts.filter(({ started }) => started.index === index);
    if (own.length === 0) {
      const found = [...new Set(parts.map(({ started }) => started.index))].join(', ');
      return [
        {
          message: `shard ${index} of ${total} is missing`,
          expected: `a record of each shard from 1 to ${total}`,
          found: `those of ${found}`,
          remedy: 'run it, or look why its job ended before its artefacts were kept',
        },
      ];
    }
    return own.flatMap(({ path, events }) =>
      events.some(({ type }) => type === 'run-ended' || type === 'run-cancelled')
        ? []
        : {
            file: path,
            message: `shard ${index} of ${total} did not come to its end: it was killed, or its record was cut off`,
            remedy: 'run it again',
          },
    );
  });
}

function wrongSuites(shards: readonly Shard[]): UsageProblem[] {
  const ids = [...new Set(shards.flatMap(({ seen }) => [...seen]))].sort();
  return ids.flatMap((id): UsageProblem[] => {
    const owners = shards.filter(({ own }) => own.has(id)).map(({ started }) => started.index);
    if (owners.length === 1) return [];
    const seers = shards.filter(({ seen }) => seen.has(id)).map(({ started }) => started.index);
    return [
      owners.length === 0
        ? {
            message: `${id} ran on no shard`,
            found: `seen by ${listed(seers)}, which left it to a shard that does not have the file`,
            remedy: 'check out the same files on every shard',
          }
        : { message: `${id} ran on ${listed(owners)}`, expected: 'one result for each suite' },
    ];
  });
}

/** Files that exist on some machines only; harmless as long as one of these was to run them. */
function unseenSuites(shards: readonly Shard[]): readonly string[] {
  const all = new Set(shards.flatMap(({ seen }) => [...seen]));
  return shards.flatMap(({ seen, started, planned }) => {
    const unseen = [...all].filter((id) => !seen.has(id)).sort();
    if (planned === undefined || unseen.length === 0) return [];
    const examples = `${unseen.slice(0, 3).join(', ')}${unseen.length > 3 ? ' …' : ''}`;
    return `shard ${started.index} did not see ${unseen.length} suites that others ran: ${examples}`;
  });
}

function listed(indices: readonly number[]): string {
  return `shard${indices.length > 1 ? 's' : ''} ${indices.join(', ')}`;
}

/** All shards start at 0, as they would on machines that are there when the run starts. */
function mergedEvents(shards: readonly Shard[]): readonly RunEvent[] {
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
    filtered: shards.some(({ started }) => started.filtered),
    coverage: shards.some(({ started }) => started.coverage),
    requireExecuted: [...new Set(shards.flatMap(({ started }) => started.requireExecuted))],
    ...failOnOf(shards),
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
  const lastAtMs = Math.max(0, ...inner.map(({ atMs }) => atMs));
  return [
    run,
    ...inner.filter(isBefore).map((event) => ({ ...event, atMs: 0 })),
    { type: 'run-opened', atMs: 0 },
    ...inner.filter((event) => !isBefore(event)).sort((a, b) => a.atMs - b.atMs),
    { type: 'run-ended', atMs: lastAtMs },
  ];
}

/** New names by old ones, for each shard: machines are called `local` unless somebody names them. */
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
    case 'slot-down':
    case 'attempt-stopped':
    case 'suite-ended':
      return { ...event, slotId: named(event.slotId) };
    default:
      return event;
  }
}
