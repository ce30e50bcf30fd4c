import { printable } from '../../core/vocabulary/printable.js';
import type { ReportedRun } from './format.js';
import type { TraceEvent, TraceLanes } from './trace-lanes.js';

/** One step of a counter: from here on the value is that much more. */
interface Step {
  readonly atMs: number;
  readonly change: number;
}

/**
 * What was measured, over time: memory peaks of the suites that run on a machine, memory of a device that others have taken,
 * mean power of a device while suites hold it, and its temperature. A counter without a measurement is left out.
 */
export function counterEvents({ summary, events }: ReportedRun, lanes: TraceLanes): readonly TraceEvent[] {
  const memory = new Map<string, Step[]>();
  const power = new Map<string, Step[]>();
  for (const { startedAtMs, heldMs, deviceTypes, peakMemoryBytes, energy } of summary.suites.flatMap(
    ({ attempts }) => attempts,
  )) {
    const during = (value: number): Step[] => [
      { atMs: startedAtMs, change: value },
      { atMs: startedAtMs + heldMs, change: -value },
    ];
    const [first] = deviceTypes;
    if (peakMemoryBytes !== undefined && first !== undefined) {
      append(memory, machineOf(first), during(peakMemoryBytes));
    }
    for (const [type, { joules, basis }] of Object.entries(energy)) {
      if (basis === 'measured' && heldMs > 0) append(power, type, during(joules / (heldMs / 1000)));
    }
  }
  const point = (machine: string, name: string, series: string, atMs: number, value: number): TraceEvent => ({
    ph: 'C',
    name: printable(name),
    pid: lanes.machine(machine),
    tid: 0,
    ts: Math.round(atMs * 1000),
    args: { [series]: value },
  });
  return [
    ...[...memory].flatMap(([machine, steps]) =>
      levels(steps).map(({ atMs, level }) =>
        point(machine, 'memory peaks of running suites', 'bytes', atMs, Math.round(level)),
      ),
    ),
    ...[...power].flatMap(([type, steps]) =>
      levels(steps).map(({ atMs, level }) =>
        point(machineOf(type), `${deviceOf(type)} power`, 'W', atMs, Math.round(level * 10) / 10),
      ),
    ),
    ...events.flatMap((event) => {
      if (event.type === 'device-memory') {
        return [
          point(event.machine, `${event.deviceId} memory of others`, 'bytes', event.atMs, event.takenBytes),
        ];
      }
      if (event.type === 'device-heat' && event.celsius !== undefined) {
        return [point(event.machine, `${event.deviceId} temperature`, '°C', event.atMs, event.celsius)];
      }
      return [];
    }),
  ];
}

function append(steps: Map<string, Step[]>, key: string, added: readonly Step[]): void {
  const known = steps.get(key);
  if (known === undefined) steps.set(key, [...added]);
  else known.push(...added);
}

/** The sum after each moment, once a moment. */
function levels(steps: readonly Step[]): readonly { readonly atMs: number; readonly level: number }[] {
  const sorted = [...steps].sort((a, b) => a.atMs - b.atMs);
  const sums = new Map<number, number>();
  let level = 0;
  for (const { atMs, change } of sorted) {
    level += change;
    sums.set(atMs, Math.max(0, level));
  }
  return [...sums].map(([atMs, sum]) => ({ atMs, level: sum }));
}

/** Of `<machine>/<device>`. */
function machineOf(type: string): string {
  return type.slice(0, type.lastIndexOf('/'));
}

function deviceOf(type: string): string {
  return type.slice(type.lastIndexOf('/') + 1);
}
