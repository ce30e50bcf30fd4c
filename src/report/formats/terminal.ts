import { styleText } from 'node:util';
import { defaultStrategy } from '../../core/strategies/index.js';
import { printableValue } from '../../core/vocabulary/printable.js';
import { formatBytes, formatDuration } from '../../core/vocabulary/units.js';
import type { DeviceSummary, MachineSummary } from '../summary/machines.js';
import type { RunSummary } from '../summary/summary.js';
import { besideBestPossible } from '../text/best-possible.js';
import { wrappedTo } from '../text/columns.js';
import { counted, percent } from '../text/counted.js';
import { deviceTable, measuredEnergy, remarkOn } from '../text/device-table.js';
import { limitTexts } from '../text/limits.js';
import { machineFacts } from '../text/machine-facts.js';
import { shortModelName } from '../text/model-name.js';
import { verdictText } from '../text/verdict.js';
import type { ReportedRun, ReportFormat, ReportOptions } from './format.js';
import { type Note, notesOf } from './notes.js';

/** More notes than these are counted, and the reader is sent to the record. */
const notesShown = 10;
/** More suites of a note than these are counted. `report --list` names all. */
const suitesNamed = 3;

const weightStyle = { bad: 'red', odd: 'yellow', quiet: 'dim' } as const satisfies Record<
  Note['weight'],
  string
>;

/** The hardware section after Jest's own output: verdict, devices, what limited the run, then everything out of the ordinary. */
export const terminalFormat: ReportFormat = { fileName: 'report.txt', render: terminalReport };

function terminalReport(run: ReportedRun, { color, width, recordPath }: ReportOptions): string {
  const summary = printableValue(run.summary);
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    color ? styleText(style, text, { validateStream: false }) : text;
  /** A text behind a label; further lines stand under the text. */
  const labelled = (label: string, text: string, style: Parameters<typeof styleText>[0], indent = '') => {
    const [first = '', ...others] = wrappedTo(text, width - indent.length - labelWidth);
    const margin = ' '.repeat(indent.length + labelWidth);
    return [
      `${indent}${paint(style, label.padEnd(labelWidth))}${first}`,
      ...others.map((line) => margin + line),
    ];
  };
  const heading = (label: string, text: string) => labelled(label, text, 'bold');

  const lines = heading('Hardware', verdictSentence(summary));
  const [only, ...others] = summary.machines.flatMap((machine) => machine.devices);
  if (only !== undefined && others.length === 0)
    lines.push(...heading('Device', deviceSentence(only, summary)));
  else {
    for (const machine of summary.machines) lines.push(...heading('Machine', machineSentence(machine)));
    lines.push(
      ...deviceTable(summary, width - 2).map((line, index) => `  ${index === 0 ? paint('dim', line) : line}`),
    );
  }
  if (hasBoundAccelerator(summary)) {
    lines.push(paint('dim', '  busy: suites held the device; how much of it they used is not measured'));
  }
  for (const [index, text] of limitTexts(summary).entries()) {
    lines.push(...heading(index === 0 ? 'Faster' : '', text));
  }

  const notes = notesOf(summary);
  for (const note of notes.slice(0, notesShown)) {
    lines.push(...labelled(note.label, noteSentence(note), weightStyle[note.weight], '  '));
  }
  const hidden = notes.slice(notesShown);
  if (hidden.length > 0) {
    const count = hidden.reduce((sum, { suiteIds }) => sum + Math.max(1, suiteIds.length), 0);
    lines.push(`  + ${count} more, see ${recordPath ?? 'the record'}`);
  }
  return lines.join('\n');
}

const labelWidth = 14;

/** `Failed: 3 of 9 suites in 9.6 s, 1.52 x the best possible 6.3 s`. */
function verdictSentence(summary: RunSummary): string {
  const { makespanMs, bound, strategy, shard, state, cancelCause } = summary;
  const isBest = bound !== undefined && bound.ratio < 1.005;
  return [
    `${verdictText(summary)} in ${formatDuration(makespanMs)}`,
    bound && (isBest ? 'the best possible' : besideBestPossible(makespanMs, bound.ms, 2)),
    bound?.basis === 'assumed' && !isBest && 'if all devices a suite may use are equally fast',
    strategy && strategy !== defaultStrategy && `strategy ${strategy}`,
    shard && `shard ${shard.index} of ${shard.total}`,
    state === 'cancelled' && `cancelled by ${cancelCause}`,
  ]
    .filter((part) => typeof part === 'string')
    .join(', ');
}

/** A machine with one device, the usual case, takes one line. */
function deviceSentence(device: DeviceSummary, summary: RunSummary): string {
  const { id, model, memoryBytes, slots, busyMs, utilisation } = device;
  const name = [id, model && shortModelName(model)].filter((part) => part !== undefined).join(' ');
  const memory = memoryBytes === undefined ? '' : `, ${formatBytes(memoryBytes)}`;
  const remark = remarkOn(device);
  const energy = measuredEnergy(device);
  const heat = summary.heat.find(({ device: hot }) => hot === device.type);
  return [
    `${name}${memory}${remark === '' ? '' : ` (${remark})`}: ${counted(slots, 'slot')}`,
    `busy ${formatDuration(busyMs)} (${percent(utilisation)})`,
    ...(energy === '' ? [] : [energy]),
    ...(heat?.celsius === undefined ? [] : [`up to ${Math.round(heat.celsius)} °C`]),
  ].join(', ');
}

function machineSentence(machine: MachineSummary): string {
  const { name, origin } = machine;
  const remark = origin === 'detected' ? '' : `, ${origin === 'declared' ? 'declared' : 'partly declared'}`;
  return `${name} (${machineFacts(machine).join(', ')}${remark})`;
}

function hasBoundAccelerator({ machines }: RunSummary): boolean {
  return machines.some(({ devices }) =>
    devices.some(({ class: name, suites }) => name !== 'cpu' && suites > 0),
  );
}

function noteSentence({ suiteIds, text }: Note): string {
  if (suiteIds.length === 0) return text;
  const more = suiteIds.length - suitesNamed;
  return `${suiteIds.slice(0, suitesNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}: ${text}`;
}
