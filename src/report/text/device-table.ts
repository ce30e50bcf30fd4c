import { formatBytes, formatDuration } from '../../core/vocabulary/units.js';
import type { DeviceSummary } from '../summary/machines.js';
import type { RunSummary } from '../summary/summary.js';
import { shownWaitMs } from '../summary/waits.js';
import { percent } from './counted.js';
import { shortModelName } from './model-name.js';
import { type Column, table } from './table.js';

interface DeviceColumn extends Column {
  readonly cell: (device: DeviceSummary) => string;
  /** Whether the column is left out where no device has anything in it. Default false. */
  readonly optional?: true;
}

/** Lines of a table of a run's devices. What was measured nowhere (temperature, energy) or is nothing (waits) has no column. */
export function deviceTable({ machines, heat, waits }: RunSummary, width: number): readonly string[] {
  const isFleet = machines.length > 1;
  const hottest = new Map(heat.map(({ device, celsius }) => [device, celsius]));
  // Waits name a device without its machine.
  const waited = new Map(isFleet ? [] : waits.map(({ waitedFor, waitedMs }) => [waitedFor, waitedMs]));
  const used = (cell: DeviceColumn['cell']) => (device: DeviceSummary) =>
    device.slots === 0 ? '' : cell(device);
  const columns: readonly DeviceColumn[] = [
    { title: 'device', cell: ({ id, type }) => (isFleet ? type : id), ...(isFleet && { gives: 'wraps' }) },
    { title: 'model', gives: 'wraps', cell: ({ model = '' }) => shortModelName(model) },
    {
      title: 'memory',
      right: true,
      cell: ({ memoryBytes }) => (memoryBytes === undefined ? '' : formatBytes(memoryBytes)),
    },
    { title: 'slots', right: true, cell: used(({ slots }) => String(slots)) },
    { title: 'suites', right: true, cell: used(({ suites }) => String(suites)) },
    {
      title: 'busy',
      right: true,
      cell: used(({ busyMs, utilisation }) => `${formatDuration(busyMs)} (${percent(utilisation)})`),
    },
    {
      title: 'waited',
      right: true,
      optional: true,
      cell: ({ id }) => {
        const ms = waited.get(id) ?? 0;
        return ms < shownWaitMs ? '' : formatDuration(ms);
      },
    },
    {
      title: 'up to',
      right: true,
      optional: true,
      cell: ({ type }) => {
        const celsius = hottest.get(type);
        return celsius === undefined ? '' : `${Math.round(celsius)} °C`;
      },
    },
    { title: 'energy', right: true, optional: true, cell: measuredEnergy },
    { title: '', gives: 'wraps', cell: remarkOn },
  ];
  const devices = machines.flatMap((machine) => machine.devices);
  if (devices.length === 0) return [];
  const shown = columns.filter(
    ({ optional, cell }) => !optional || devices.some((device) => cell(device) !== ''),
  );
  return table(
    shown,
    devices.map((device) => shown.map(({ cell }) => cell(device))),
    width,
  );
}

const originRemark = { detected: '', declared: 'declared', 'partly-declared': 'partly declared' } as const;

/** What else is worth knowing of a device: `not usable`, `emulated on the CPU`, `declared`. */
export function remarkOn({ usable, software, origin }: DeviceSummary): string {
  return [usable ? '' : 'not usable', software ? 'emulated on the CPU' : '', originRemark[origin]]
    .filter((remark) => remark !== '')
    .join(', ');
}

/** `312 J`: measured while suites held the device. Estimates are in the JSON report alone. */
export function measuredEnergy({ energyBasis, energyJoules }: DeviceSummary): string {
  if (energyBasis === 'estimated') return '';
  return `${Math.round(energyJoules)} J${energyBasis === 'measured' ? '' : ' (partly)'}`;
}
