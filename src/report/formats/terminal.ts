import { styleText } from 'node:util';
import { printableValue } from '../../core/vocabulary/printable.js';
import { formatBytes, formatDuration } from '../../core/vocabulary/units.js';
import type { DeviceSummary, MachineSummary } from '../summary/machines.js';
import type { RunSummary } from '../summary/summary.js';
import { besideBestPossible } from '../text/best-possible.js';
import { table } from '../text/table.js';
import type { ReportedRun, ReportFormat, ReportOptions } from './format.js';
import { type Note, notesOf } from './notes.js';

/** More notes than these are counted, and the reader is sent to the record. */
const notesShown = 10;

const weightStyle = { bad: 'red', odd: 'yellow', quiet: 'dim' } as const satisfies Record<
  Note['weight'],
  string
>;

/** The hardware section after Jest's own output: devices, total time, then everything out of the ordinary. */
export const terminalFormat: ReportFormat = { fileName: 'report.txt', render: terminalReport };

function terminalReport(run: ReportedRun, { color, width, recordPath }: ReportOptions): string {
  const summary = printableValue(run.summary);
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const heading = (word: string) => paint('bold', word.padEnd(labelWidth));
  const [only, ...others] = summary.machines.flatMap((machine) => machine.devices);

  const lines =
    only !== undefined && others.length === 0
      ? [`${heading('Hardware')}${deviceSentence(only)}`]
      : [
          `${heading('Hardware')}${summary.machines.map(machineSentence).join('; ') || 'none known'}`,
          ...deviceTable(summary, width - 2).map(
            (line, index) => `  ${index === 0 ? paint('dim', line) : line}`,
          ),
        ];
  if (hasBoundAccelerator(summary)) {
    lines.push(paint('dim', '  busy: suites held the device; how much of it they used is not measured'));
  }
  lines.push(`${heading('Time')}${timeSentence(summary)}`);
  const energy = energySentence(summary);
  if (energy !== undefined) lines.push(`${heading('Energy')}${energy}`);

  const notes = notesOf(summary);
  for (const note of notes.slice(0, notesShown)) {
    lines.push(`  ${paint(weightStyle[note.weight], note.label.padEnd(labelWidth))}${noteSentence(note)}`);
  }
  const hidden = notes.slice(notesShown);
  if (hidden.length > 0) {
    const count = hidden.reduce((sum, { suiteIds }) => sum + Math.max(1, suiteIds.length), 0);
    lines.push(`  + ${count} more, see ${recordPath ?? 'the record'}`);
  }
  return lines.join('\n');
}

const labelWidth = 14;

/** A machine with one device, the usual case, takes one line. */
function deviceSentence(device: DeviceSummary): string {
  const { slots, suites, busyMs, utilisation } = device;
  const name = [device.id, device.model].filter((part) => part !== undefined).join(' ');
  const memory = device.memoryBytes === undefined ? '' : `, ${formatBytes(device.memoryBytes)}`;
  const remark = remarkOn(device);
  return (
    `${name}${memory}${remark === '' ? '' : ` (${remark})`}: ${counted(suites, 'suite')} on ` +
    `${counted(slots, 'slot')}, busy ${formatDuration(busyMs)} (${percent(utilisation)})`
  );
}

function machineSentence(machine: MachineSummary): string {
  const { name, platform, arch, cpuBudget, memoryBudgetBytes, origin } = machine;
  const cpus = Math.round(cpuBudget * 10) / 10;
  const remark = originRemark[origin];
  return (
    `${name} (${platform} ${arch}, ${counted(cpus, 'CPU')}, ${formatBytes(memoryBudgetBytes)}` +
    `${remark === '' ? '' : `, ${remark}`})`
  );
}

function deviceTable({ machines }: RunSummary, width: number): readonly string[] {
  const rows = machines.flatMap(({ devices }) =>
    devices.map((device) => [
      machines.length === 1 ? device.id : device.type,
      device.model ?? '',
      device.memoryBytes === undefined ? '' : formatBytes(device.memoryBytes),
      ...(device.slots === 0
        ? ['', '', '', '']
        : [
            String(device.slots),
            String(device.suites),
            formatDuration(device.busyMs),
            percent(device.utilisation),
          ]),
      remarkOn(device),
    ]),
  );
  const columns = [
    { title: 'device' },
    { title: 'model', shrinks: true },
    { title: 'memory', right: true },
    { title: 'slots', right: true },
    { title: 'suites', right: true },
    { title: 'busy', right: true },
    { title: 'utilisation', right: true },
    { title: '' },
  ];
  return table(columns, rows, width);
}

const originRemark = { detected: '', declared: 'declared', 'partly-declared': 'partly declared' } as const;

function remarkOn({ usable, software, origin }: DeviceSummary): string {
  return [usable ? '' : 'not usable', software ? 'emulated on the CPU' : '', originRemark[origin]]
    .filter((remark) => remark !== '')
    .join(', ');
}

function hasBoundAccelerator({ machines }: RunSummary): boolean {
  return machines.some(({ devices }) =>
    devices.some(({ class: name, suites }) => name !== 'cpu' && suites > 0),
  );
}

function timeSentence({ makespanMs, bound, strategy, shard, state, cancelCause }: RunSummary): string {
  return [
    `total ${formatDuration(makespanMs)}`,
    bound && besideBestPossible(makespanMs, bound.ms, 2),
    bound?.basis === 'assumed' && 'if all devices a suite may use are equally fast',
    bound?.moreWorkers &&
      `-w ${bound.moreWorkers.workers} would take ${formatDuration(bound.moreWorkers.totalMs)}`,
    strategy && `strategy ${strategy}`,
    shard && `shard ${shard.index} of ${shard.total}`,
    state === 'cancelled' && `cancelled by ${cancelCause}`,
    state === 'unfinished' && 'the record ends before the run did',
  ]
    .filter((part) => typeof part === 'string')
    .join(', ');
}

/** Measured energy only. Estimates are in the JSON report. */
function energySentence({ machines }: RunSummary): string | undefined {
  const measured = machines.flatMap(({ devices }) =>
    devices
      .filter(({ energyBasis }) => energyBasis !== 'estimated')
      .map(({ id, type, energyJoules, energyBasis }) => {
        const remark = energyBasis === 'measured' ? '' : ' (partly estimated)';
        return `${machines.length === 1 ? id : type} ${Math.round(energyJoules)} J${remark}`;
      }),
  );
  return measured.length === 0 ? undefined : `${measured.join(', ')} while suites held them`;
}

function noteSentence({ suiteIds: [first, ...others], text }: Note): string {
  if (first === undefined) return text;
  return `${first}${others.length === 0 ? '' : ` and ${others.length} more`}: ${text}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
