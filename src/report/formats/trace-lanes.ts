import type { RunEvent } from '../../core/events.js';
import { printable } from '../../core/vocabulary/printable.js';

/** One event of the Trace Event Format. Times are microseconds since the start of the run. */
export interface TraceEvent {
  /** Complete, start and end of a flow, instant, counter, metadata. */
  readonly ph: 'X' | 's' | 'f' | 'i' | 'C' | 'M';
  readonly name: string;
  readonly cat?: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly id?: string;
  /** `e`: the flow ends in the slice around it. */
  readonly bp?: 'e';
  /** `g`: the mark is drawn over all lanes. */
  readonly s?: 'g';
  readonly args: Readonly<Record<string, unknown>>;
}

/** Numbers of a machine (pid, from 1) and one of its slots (tid, from 1). */
interface TraceLane {
  readonly pid: number;
  readonly tid: number;
}

export interface TraceLanes {
  /** Names and order of machines and slots. */
  readonly metadata: readonly TraceEvent[];
  readonly first: TraceLane;
  /** Of a slot, whether a `slot-up` event names it or not. */
  of(slotId: string): TraceLane;
  /** Pid of a machine. */
  machine(name: string): number;
}

/** Every slot of the run, idle ones too, in the order in which they came. */
export function traceLanesOf(events: readonly RunEvent[]): TraceLanes {
  const pids = new Map<string, number>();
  const lanes = new Map<string, TraceLane>();
  const metadata: TraceEvent[] = [];

  const machine = (name: string): number => {
    const known = pids.get(name);
    if (known !== undefined) return known;
    const pid = pids.size + 1;
    pids.set(name, pid);
    const common = { ph: 'M', pid, tid: 0, ts: 0 } as const;
    metadata.push(
      { ...common, name: 'process_name', args: { name: printable(name) || '-' } },
      { ...common, name: 'process_sort_index', args: { sort_index: pid } },
    );
    return pid;
  };
  const add = (slotId: string, machineName: string, title: string): TraceLane => {
    const known = lanes.get(slotId);
    if (known !== undefined) return known;
    const lane = { pid: machine(machineName), tid: lanes.size + 1 };
    lanes.set(slotId, lane);
    const common = { ph: 'M', ...lane, ts: 0 } as const;
    metadata.push(
      { ...common, name: 'thread_name', args: { name: printable(title) || '-' } },
      { ...common, name: 'thread_sort_index', args: { sort_index: lane.tid } },
    );
    return lane;
  };

  for (const event of events) {
    if (event.type === 'slot-up') {
      const { id, machine: facts, device } = event.slot;
      const title = id.slice(id.indexOf('/') + 1);
      add(id, facts.name, device.model === undefined ? title : `${title} ${device.model}`);
    } else if (event.type === 'suite-started') {
      const { slotId, partnerSlotIds = [] } = event.placement;
      for (const id of [slotId, ...partnerSlotIds]) add(id, id.split('/', 1)[0] ?? id, id);
    } else if (event.type === 'machine-known') machine(event.machine.machine.name);
  }
  if (pids.size === 0) machine('no machine');
  return {
    metadata,
    first: { pid: 1, tid: 0 },
    of: (slotId) => add(slotId, slotId.split('/', 1)[0] ?? slotId, slotId),
    machine,
  };
}
