import type { RunEvent } from '../../core/events.js';

/** How another machine came to take part in the run. */
export interface JoinedSummary {
  /** How it is reached: `ssh://gpu-box`. */
  readonly address: string;
  /** Name of the git tree of which it had a checkout. */
  readonly treeId?: string;
  /** From the question until it took part, ms. */
  readonly afterMs: number;
}

/** A machine that was asked to take part, and did not, or not to the end. */
export interface AbsentSummary {
  readonly machine: string;
  /** For a person, with the machine's name. */
  readonly reason: string;
}

/** By name of the machine. */
export function joinedMachines(events: readonly RunEvent[]): ReadonlyMap<string, JoinedSummary> {
  const awaited = new Map<string, { readonly address: string; readonly atMs: number }>();
  const joined = new Map<string, JoinedSummary>();
  for (const event of events) {
    if (event.type === 'machine-awaited') awaited.set(event.machine, event);
    if (event.type !== 'machine-settled' || event.problem !== undefined) continue;
    const { machine, treeId, atMs } = event;
    const { address = '', atMs: askedAtMs = 0 } = awaited.get(machine) ?? {};
    joined.set(machine, { address, ...(treeId !== undefined && { treeId }), afterMs: atMs - askedAtMs });
  }
  return joined;
}

export function absentMachines(events: readonly RunEvent[]): readonly AbsentSummary[] {
  return events.flatMap((event) => {
    const isAbsent = event.type === 'machine-settled' && event.problem !== undefined;
    if (isAbsent) return [{ machine: event.machine, reason: event.problem }];
    return event.type === 'machine-lost' ? [{ machine: event.machine, reason: event.reason }] : [];
  });
}
