import { formatDuration, formatElapsed } from '../core/vocabulary/units.js';
import { table } from '../report/text/table.js';
import type { Advice } from '../simulate/advice/advise.js';
import { fleetText, hasPrices, pricePerRun, priceText } from '../simulate/advice/fleet-text.js';
import type { TriedFleet } from '../simulate/advice/trials.js';

const barWidth = 24;

/** The advice for a person: the answer, the fleets that were tried, and what it does not know. */
export function adviceText(advice: Advice, recordPath: string, isPartial: boolean): string {
  const { work, aim } = advice;
  return [
    `Simulated, no suite ran. ${recordPath}: ${counted(work.suites.length, 'suite')}, ${counted(aim.runs, 'run')} on each fleet`,
    ...answerLines(advice),
    '',
    ...fleetTable(advice),
    '',
    ...remarks(advice, isPartial),
    '',
  ].join('\n');
}

function answerLines({ advised, obstacle, aim, fleets, mostMachines, ...advice }: Advice): readonly string[] {
  const within = formatDuration(aim.finishWithinMs);
  if (advised !== undefined) {
    const verb = advised.machines === 1 ? 'finishes' : 'finish';
    const price = hasPrices(advice)
      ? `, for ${priceText(advised.price)} an hour (${priceText(pricePerRun(advised))} a run)`
      : '';
    return [
      `${fleetText(advised)} ${verb} within ${within} in ${advised.inTime} of ${aim.runs} runs${price}`,
    ];
  }
  if (aim.setupMs >= aim.finishWithinMs) {
    return [
      `No fleet finishes within ${within}: the setup of a machine alone takes ${formatDuration(aim.setupMs)}.`,
      'Remedy: make the setup shorter, or allow more time.',
    ];
  }
  if (obstacle !== undefined) {
    const { suiteId, place, ms, withinMs, excessMs } = obstacle;
    const setup = aim.setupMs === 0 ? '' : `, after ${formatDuration(aim.setupMs)} of setup`;
    return [
      `No fleet finishes within ${within}: ${suiteId} alone takes ${formatDuration(ms)} on ${place}, its fastest device${setup}.`,
      `In ${share(aim.confidence)} of the runs the longest suite ends within ${formatDuration(withinMs)}: ${formatDuration(excessMs)} too late.`,
      `Remedy: split ${suiteId}, or allow ${formatDuration(withinMs)}.`,
    ];
  }
  const best = fleets.toSorted((a, b) => a.mostWithinMs - b.mostWithinMs)[0];
  return [
    `No fleet of up to ${counted(mostMachines, 'machine')} finishes within ${within} in ${share(aim.confidence)} of the runs.`,
    ...(best === undefined
      ? []
      : [`The fastest that was tried, ${fleetText(best)}, needs ${formatDuration(best.mostWithinMs)}.`]),
  ];
}

function fleetTable(advice: Advice): readonly string[] {
  const { fleets, advised, recorded, aim } = advice;
  const priced = hasPrices(advice);
  const longestMs = Math.max(aim.finishWithinMs, ...fleets.map(({ mostWithinMs }) => mostWithinMs));
  const right = (title: string) => ({ title, right: true });
  return table(
    [
      { title: '' },
      { title: 'fleet' },
      ...(priced ? [right('an hour'), right('a run')] : []),
      right('half within'),
      right('9 of 10'),
      right('in time'),
      { title: '' },
    ],
    fleets.map((fleet) => [
      fleet === advised ? '>' : fleet === recorded ? 'r' : '',
      fleetText(fleet),
      ...(priced ? [priceText(fleet.price), priceText(pricePerRun(fleet))] : []),
      preciseText(fleet.halfWithinMs),
      preciseText(fleet.mostWithinMs),
      `${Math.round((100 * fleet.inTime) / aim.runs)} %`,
      barOf(fleet, aim.finishWithinMs, longestMs),
    ]),
  );
}

/** `█████▒▒ |`: what half of the runs and nine of ten take, and the time that is asked for. */
function barOf({ halfWithinMs, mostWithinMs }: TriedFleet, aimMs: number, longestMs: number): string {
  const at = (ms: number) => Math.round((ms / longestMs) * barWidth);
  const cells = Array.from({ length: barWidth }, (_, cell): string =>
    cell < at(halfWithinMs) ? '█' : cell < at(mostWithinMs) ? '▒' : ' ',
  );
  cells[Math.min(barWidth - 1, at(aimMs))] = '|';
  return cells.join('');
}

/** To the second, where a tenth of a minute would hide what misses the time. */
function preciseText(ms: number): string {
  return ms < 60_000 ? formatDuration(ms) : formatElapsed(Math.ceil(ms / 1000) * 1000);
}

function remarks(advice: Advice, isPartial: boolean): readonly string[] {
  const { work, kinds, leftOut, aim, advised, recorded } = advice;
  const spread =
    work.logSd === undefined
      ? 'durations vary as those of most projects: ± 30 %'
      : `durations vary as they did in the record: ± ${Math.round(100 * work.logSd)} %`;
  const guessed = kinds.filter(({ recorded: count }) => count === 0).map(({ name }) => name);
  return [
    `${advised ? '> the cheapest in time; ' : ''}${recorded ? 'r as recorded; ' : ''}| ${formatDuration(aim.finishWithinMs)}; ${spread}`,
    ...kinds.map((kind) => `${kind.name}: ${kindText(kind)}`),
    ...(guessed.length === 0
      ? []
      : [`no suite ran on ${guessed.join(', ')} yet: durations there are guessed from other devices`]),
    ...(leftOut.length === 0 ? [] : [`no machine can run ${named(leftOut)}: left out`]),
    ...(work.unknown.length === 0 ? [] : [`without a duration: ${named(work.unknown)}: left out`]),
    ...(isPartial ? ['the record is of a part of the suites: a whole run takes longer'] : []),
  ];
}

function kindText({
  machine: { machine, devices },
  cpuWorkers,
  moreWorkers,
}: Advice['kinds'][number]): string {
  const models = devices
    .filter((device) => device.usable && device.class !== 'cpu')
    .map(({ class: deviceClass, model }) => model ?? deviceClass);
  return [
    `${machine.platform} ${machine.arch}`,
    counted(Math.round(machine.cpuBudget * 10) / 10, 'CPU'),
    ...models,
    `${counted(cpuWorkers + moreWorkers, 'suite')} at once`,
  ].join(', ');
}

function named(ids: readonly string[]): string {
  return `${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ` and ${ids.length - 3} more` : ''}`;
}

function share(part: number): string {
  return `${Math.round(part * 100)} %`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
