import { printableJson } from '../../core/vocabulary/printable.js';
import { formatDuration } from '../../core/vocabulary/units.js';
import { plainPage } from '../../report/formats/html/plain-page.js';
import { pngOf } from '../pictures.js';
import type { Advice } from './advise.js';
import { fleetText, hasPrices, pricePerRun, priceText } from './fleet-text.js';
import { frontierSvg } from './picture.js';
import type { TriedFleet } from './trials.js';

/** Every kind of file for an advice, by the ending of its name. */
export const adviceFormats: Readonly<Record<'json' | 'csv' | 'svg' | 'png' | 'html', AdviceFormat>> = {
  json: (advice) => adviceJson(advice),
  csv: (advice) => csvOf(advice),
  svg: (advice) => frontierSvg(advice, titleOf(advice)),
  png: (advice) => pngOf(frontierSvg(advice, titleOf(advice))),
  html: (advice, recordPath) => htmlOf(advice, recordPath),
};

type AdviceFormat = (advice: Advice, recordPath: string) => string | Promise<string | Uint8Array>;

export function adviceJson(advice: Advice): string {
  const { aim, kinds, work, advised, obstacle, recorded, fleets, leftOut, strategy, mostMachines } = advice;
  return `${printableJson({
    version: 1,
    simulated: true,
    strategy,
    ...aim,
    mostMachines,
    suites: work.suites.length,
    leftOut: [...leftOut, ...work.unknown],
    ...(work.logSd !== undefined && { logSd: Math.round(work.logSd * 1000) / 1000 }),
    kinds: kinds.map(({ name, machine, cpuWorkers, moreWorkers, recorded: count, pricePerHour }) => ({
      name,
      platform: machine.machine.platform,
      arch: machine.machine.arch,
      cpuBudget: machine.machine.cpuBudget,
      memoryBudgetBytes: machine.machine.memoryBudgetBytes,
      workers: cpuWorkers + moreWorkers,
      recorded: count,
      ...(pricePerHour !== undefined && { pricePerHour }),
    })),
    ...(advised && { advised: fleetJson(advised, advice) }),
    ...(recorded && { recorded: fleetJson(recorded, advice) }),
    ...(obstacle && { obstacle }),
    fleets: fleets.map((fleet) => fleetJson(fleet, advice)),
  })}\n`;
}

function fleetJson(fleet: TriedFleet, advice: Advice) {
  const { parts, price, halfWithinMs, mostWithinMs, totalsMs, inTime } = fleet;
  return {
    machines: parts.map(({ kind, count, cpuWorkers }) => ({
      kind: kind.name,
      count,
      workers: cpuWorkers + kind.moreWorkers,
    })),
    ...(hasPrices(advice) && { pricePerHour: price, pricePerRun: pricePerRun(fleet) }),
    halfWithinMs,
    mostWithinMs,
    inTime: inTime / totalsMs.length,
    totalsMs,
  };
}

function titleOf({ advised, aim }: Advice): string {
  const within = formatDuration(aim.finishWithinMs);
  return advised === undefined
    ? `Simulated: no fleet finishes within ${within}`
    : `Simulated: ${fleetText(advised)} within ${within}`;
}

function htmlOf(advice: Advice, recordPath: string): string {
  const priced = hasPrices(advice);
  const notice = `Simulated: no suite ran. ${advice.work.suites.length} suites of ${recordPath}, ${advice.aim.runs} runs on each fleet.`;
  const rows = advice.fleets.map((fleet) => [
    `${fleetText(fleet)}${fleet === advice.advised ? ' (advised)' : fleet === advice.recorded ? ' (recorded)' : ''}`,
    ...(priced ? [priceText(fleet.price), priceText(pricePerRun(fleet))] : []),
    formatDuration(fleet.halfWithinMs),
    formatDuration(fleet.mostWithinMs),
    `${fleet.inTime} of ${advice.aim.runs}`,
  ]);
  const titles = [
    'fleet',
    ...(priced ? ['an hour', 'a run'] : []),
    'half of the runs within',
    '9 of 10 within',
    'in time',
  ];
  const title = titleOf(advice);
  return plainPage(title, notice, { titles, rows }, frontierSvg(advice, title));
}

/** One line for each fleet. */
function csvOf(advice: Advice): string {
  const lines = advice.fleets.map((fleet) => {
    const { machines, price, halfWithinMs, mostWithinMs, inTime, totalsMs } = fleet;
    const prices = hasPrices(advice) ? [price, pricePerRun(fleet)] : ['', ''];
    const name = `"${fleetText(fleet).replaceAll('"', '""')}"`;
    return [name, machines, ...prices, halfWithinMs, mostWithinMs, inTime / totalsMs.length].join(',');
  });
  return `${['fleet,machines,pricePerHour,pricePerRun,halfWithinMs,mostWithinMs,inTime', ...lines].join('\n')}\n`;
}
