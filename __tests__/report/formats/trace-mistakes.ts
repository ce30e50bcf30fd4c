/** An event as a reader of the Trace Event Format sees it, before anything of it is believed. */
interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly id?: string;
  readonly bp?: string;
  readonly s?: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface Trace {
  readonly traceEvents: readonly TraceEvent[];
}

const isTime = (value: unknown) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

/** Fields of each kind of event, by the Trace Event Format (document by Google, "Event Descriptions"). */
const fieldsOf: Readonly<Record<string, Readonly<Record<string, (value: unknown) => boolean>>>> = {
  X: { dur: isTime },
  s: { id: (value) => typeof value === 'string' && value !== '' },
  f: { id: (value) => typeof value === 'string' && value !== '', bp: (value) => value === 'e' },
  i: { s: (value) => value === 'g' || value === 'p' || value === 't' },
  C: {
    args: (value) =>
      Object.values(value as object).length > 0 && Object.values(value as object).every(Number.isFinite),
  },
  M: {
    name: (value) =>
      ['process_name', 'thread_name', 'process_sort_index', 'thread_sort_index'].includes(String(value)),
  },
};

/** What a viewer would reject, drop or draw wrong: one clause each. */
export function traceMistakes({ traceEvents }: Trace): readonly string[] {
  return [
    ...traceEvents.flatMap(fieldMistakes),
    ...laneMistakes(traceEvents),
    ...nestingMistakes(traceEvents),
    ...flowMistakes(traceEvents),
  ];
}

function fieldMistakes(event: TraceEvent): readonly string[] {
  const own = fieldsOf[event.ph];
  if (own === undefined) return [`unknown phase ${event.ph}`];
  const common = {
    name: (value: unknown) => typeof value === 'string' && value !== '',
    pid: isTime,
    tid: isTime,
    ts: isTime,
    args: (value: unknown) => typeof value === 'object' && value !== null,
  };
  const fields = Object.entries({ ...common, ...own });
  return fields
    .filter(([field, isRight]) => !isRight(event[field as keyof TraceEvent]))
    .map(
      ([field]) =>
        `${event.ph} ${event.name}: ${field} is ${JSON.stringify(event[field as keyof TraceEvent])}`,
    );
}

/** Lanes are named once, and complete events lie on named ones. */
function laneMistakes(events: readonly TraceEvent[]): readonly string[] {
  const keys = events.filter(({ name }) => name === 'thread_name').map(({ pid, tid }) => `${pid}/${tid}`);
  const named = new Set(keys);
  return [
    ...(named.size === keys.length ? [] : ['a lane has two names']),
    ...events
      .filter(({ ph, pid, tid }) => ph === 'X' && !named.has(`${pid}/${tid}`))
      .map(({ pid, tid }) => `lane ${pid}/${tid} has no name`),
  ];
}

/** Complete events of a lane follow each other: viewers drop one that overlaps another and does not lie within it. */
function nestingMistakes(events: readonly TraceEvent[]): readonly string[] {
  const lanes = groupedBy(
    events.filter(({ ph }) => ph === 'X'),
    ({ pid, tid }) => `${pid}/${tid}`,
  );
  return [...lanes].flatMap(([lane, slices]) => {
    const sorted = [...slices].sort((a, b) => a.ts - b.ts);
    return sorted.slice(1).flatMap((slice, index) => {
      const before = sorted[index];
      return before !== undefined && endOf(before) > slice.ts ? [`lane ${lane}: ${slice.name} overlaps`] : [];
    });
  });
}

/** Each flow has one start and one end, in this order, each within a complete event of its lane. */
function flowMistakes(events: readonly TraceEvent[]): readonly string[] {
  const isWithin = ({ pid, tid, ts }: TraceEvent) =>
    events.some(
      (slice) =>
        slice.ph === 'X' && slice.pid === pid && slice.tid === tid && slice.ts <= ts && ts < endOf(slice),
    );
  const flows = groupedBy(
    events.filter(({ ph }) => ph === 's' || ph === 'f'),
    ({ id = '' }) => id,
  );
  return [...flows].flatMap(([id, [start, end, ...more]]) => {
    const isWhole = start?.ph === 's' && end?.ph === 'f' && more.length === 0 && start.ts <= end.ts;
    return isWhole && isWithin(start) && isWithin(end) ? [] : [`flow ${id} binds to nothing`];
  });
}

function groupedBy(
  events: readonly TraceEvent[],
  keyOf: (event: TraceEvent) => string,
): ReadonlyMap<string, readonly TraceEvent[]> {
  const groups = new Map<string, TraceEvent[]>();
  for (const event of events) {
    const key = keyOf(event);
    groups.set(key, [...(groups.get(key) ?? []), event]);
  }
  return groups;
}

function endOf({ ts, dur = 0 }: TraceEvent): number {
  return ts + dur;
}
