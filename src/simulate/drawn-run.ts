import type { RunEvent } from '../core/events.js';
import type { Machine, Slot } from '../core/machine/machine.js';
import { type ReportedRun, reportedRun } from '../report/formats/format.js';
import type { DrawnResult } from './case.js';

/** A simulated run as reports take it: with its machines, and with the bound of its true durations. */
export function simulatedRun({ result, events }: DrawnResult): ReportedRun {
  const slots = events.flatMap((event) => (event.type === 'slot-up' ? [event.slot] : []));
  const names = [...new Set(slots.map(({ machine }) => machine.name))];
  const known = names.map(
    (name): RunEvent => ({
      type: 'machine-known',
      atMs: 0,
      machine: machineOf(slots.filter(({ machine }) => machine.name === name)),
    }),
  );
  const { summary, events: all } = reportedRun([...known, ...events]);
  const bound = { ms: result.boundMs, ratio: result.ratio, basis: 'measured' } as const;
  return {
    summary: { ...summary, strategy: result.strategy, ...(result.boundMs > 0 && { bound }) },
    events: all,
  };
}

function machineOf(slots: readonly Slot[]): Machine {
  const [{ machine }] = slots as [Slot];
  const devices = [...new Map(slots.map(({ device }) => [device.id, device])).values()];
  return { version: 1, machine, devices, problems: [] };
}
