import { readFileSync } from 'node:fs';
import { refuseSlots, slotsOf } from '../../core/machine/machine.js';
import { defaultStrategy, type StrategyName, strategyNames } from '../../core/strategies/index.js';
import { limits } from '../../core/vocabulary/limits.js';
import { nearest } from '../../core/vocabulary/nearest.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { builtInWorkloads } from '../../core/workload/built-in.js';
import { type FleetMachine, readFleet } from '../../machine-file/fleets.js';
import { readRecord } from '../../record/read.js';
import { printableLines } from '../../report/text/printable.js';
import { table } from '../../report/text/table.js';
import { planCase, runCase, type SimulatedCase } from '../../simulate/case.js';
import { fleetNames, slotsOfFleet } from '../../simulate/fleets.js';
import { jsonOf, outputFormats, rowsOf } from '../../simulate/outputs.js';
import { replayCase } from '../../simulate/replay.js';
import type { SimulationResult } from '../../simulate/result.js';
import { caseOf } from '../../simulate/scenario/case.js';
import { parseScenario } from '../../simulate/scenario/read.js';
import { workloadCase } from '../../simulate/workloads.js';
import type { Command, FlagValues } from '../command.js';
import { numberFlag } from '../number-flag.js';
import { writeFile } from '../write-file.js';

const workloadNames = Object.keys(builtInWorkloads);
const formats = Object.keys(outputFormats);
const defaults = { machines: 5, tasks: 100, fleet: 'mixed', seed: 1, sigma: 0.3, unknown: 0.1 } as const;

export const simulate: Command = {
  summary: 'tries a strategy or a fleet with the real scheduler, without running a test',
  flags: {
    fleet: {
      summary: `one of ${fleetNames.join(', ')}, or a fleet file; default: ${defaults.fleet}`,
      value: 'NAME|FILE',
    },
    workers: {
      summary: `number of machines, taken from the fleet in turn; default: ${defaults.machines}, or all of a fleet file`,
      value: 'N',
    },
    tasks: { summary: `number of made-up suites; default: ${defaults.tasks}`, value: 'N' },
    workload: {
      summary: `workloads of the made-up suites, by comma: ${workloadNames.join(', ')}; default: all, in turn`,
      value: 'NAMES',
    },
    scenario: { summary: 'scenario file with slots and suites, instead of made-up ones', value: 'FILE' },
    replay: { summary: 'record whose suites are run again with their real durations', value: 'FILE' },
    strategy: { summary: `one of ${strategyNames.join(', ')}; default: ${defaultStrategy}`, value: 'NAME' },
    compare: { summary: 'compare all strategies, that of --strategy first' },
    plan: { summary: 'show the plan made before the run, instead of a run that decides as suites end' },
    moves: { summary: 'number of changes tried to improve that plan; default: 2000000', value: 'N' },
    seed: { summary: `seed of all random numbers; default: ${defaults.seed}`, value: 'N' },
    sigma: {
      summary: `how far true durations are from expected ones, 0.3 for about ± 30 %; default: ${defaults.sigma}`,
      value: 'X',
    },
    unknown: {
      summary: `share of the suites that were never measured, 0 to 1; default: ${defaults.unknown}`,
      value: 'SHARE',
    },
    'lose-machines': { summary: 'number of machines that fail during the run; default: 0', value: 'N' },
    'lose-attempts': {
      summary: 'share of the suites whose first attempt is lost, 0 to 1; default: 0',
      value: 'SHARE',
    },
    heat: { summary: 'let devices get hot under load; hot devices take fewer suites' },
    json: { summary: 'print the results as JSON' },
    output: {
      summary: `write the results to a file: ${formats.map((end) => `.${end}`).join(', ')}`,
      value: 'FILE',
    },
  },
  async run(flags, io) {
    const output = flags.get('output');
    const format = output === undefined ? undefined : formatOf(output);
    const { given: cool, title } = simulated(flags);
    refuseTooMany(cool);
    const given = { ...cool, heat: flags.has('heat') };
    const results = resultsOf(given, flags);
    if (output !== undefined && format !== undefined) {
      writeFile(output, await outputFormats[format](results, `Simulated: ${title}`), 'the results');
    }
    if (flags.has('json')) io.out(jsonOf(results));
    else io.out(printableLines(textOf(results, title)));
  },
};

function resultsOf(given: SimulatedCase, flags: FlagValues): readonly SimulationResult[] {
  const moves = numberFlag(flags, 'moves', { least: 0, most: 1e12 });
  const strategy = strategyOf(flags.get('strategy'));
  refuseTogether(flags, 'compare', ['plan', 'moves']);
  refuseTogether(flags, 'plan', ['strategy']);
  if (flags.has('compare')) {
    const others = strategyNames.filter((name) => name !== strategy);
    return [strategy, ...others].map((name) => runCase(given, name));
  }
  return [flags.has('plan') ? planCase(given, moves) : runCase(given, strategy)];
}

const madeUp = ['tasks', 'workload', 'sigma', 'unknown', 'lose-machines', 'lose-attempts'];

/** What is to be simulated, by where it comes from. */
function simulated(flags: FlagValues): { readonly given: SimulatedCase; readonly title: string } {
  const [scenario, replay] = [flags.get('scenario'), flags.get('replay')];
  if (scenario !== undefined) {
    refuseTogether(flags, 'scenario', [...madeUp, 'workers', 'fleet', 'replay', 'seed']);
    const given = caseOf(parseScenario(textOfFile(scenario), scenario));
    return { given, title: titleOf(scenario, given) };
  }
  const seed = numberFlag(flags, 'seed', { least: 0, most: 2 ** 31 - 1 }) ?? defaults.seed;
  if (replay !== undefined) {
    const fleet = flags.get('fleet');
    // The machines of a record are what they are.
    refuseTogether(flags, 'replay', fleet === undefined ? [...madeUp, 'workers'] : madeUp);
    const given = replayCase(
      readRecord(replay).events,
      seed,
      fleet === undefined ? undefined : fleetOf(fleet, flags),
    );
    return { given, title: titleOf(`${replay}${fleet === undefined ? '' : ` on ${fleet}`}`, given) };
  }
  const fleet = flags.get('fleet') ?? defaults.fleet;
  const share = { least: 0, most: 1, integer: false };
  const tasks = numberFlag(flags, 'tasks', { least: 0, most: limits.suites }) ?? defaults.tasks;
  const slots = fleetOf(fleet, flags);
  refuseTooMany({ slots, suites: { length: tasks } });
  const given = workloadCase(slots, {
    tasks,
    workloads: workloadsOf(flags.get('workload')),
    seed,
    sigma: numberFlag(flags, 'sigma', { least: 0, most: 3, integer: false }) ?? defaults.sigma,
    unknownShare: numberFlag(flags, 'unknown', share) ?? defaults.unknown,
    lostMachines: numberFlag(flags, 'lose-machines', { least: 0, most: limits.machines }) ?? 0,
    lostShare: numberFlag(flags, 'lose-attempts', share) ?? 0,
  });
  return { given, title: `${titleOf(`made-up suites on ${fleet}`, given)}, seed ${seed}` };
}

/** Before anything is computed: the strategies compare every suite with every kind of slot, most of them again and again. */
function refuseTooMany({
  slots,
  suites,
}: Pick<SimulatedCase, 'slots'> & { readonly suites: { readonly length: number } }): void {
  const kinds = new Set(slots.map(({ type }) => type)).size;
  if (kinds * suites.length <= limits.comparisons) return;
  throw new UsageError({
    message: 'the simulation is too large',
    expected: `at most ${limits.comparisons} suites × kinds of slots (devices of all machines)`,
    found: `${suites.length} × ${kinds}`,
    remedy: 'take fewer suites or machines: a smaller fleet of the same kinds behaves alike',
  });
}

function fleetOf(fleet: string, flags: FlagValues): SimulatedCase['slots'] {
  const machines = numberFlag(flags, 'workers', { least: 1, most: limits.machines });
  const name = fleetNames.find((each) => each === fleet);
  if (name !== undefined) {
    const slots = slotsOfFleet(name, machines ?? defaults.machines);
    refuseSlots('the fleet', slots.length);
    return slots;
  }
  if (!fleet.includes('.') && !fleet.includes('/')) throw unknownWord('fleet', fleet, fleetNames);
  const kinds = readFleet(fleet);
  let slots = 0;
  return Array.from({ length: kinds.length === 0 ? 0 : (machines ?? kinds.length) }, (_, index) => {
    const { machine, workers } = kinds[index % kinds.length] as FleetMachine;
    const round = Math.floor(index / kinds.length);
    const name = round === 0 ? machine.machine.name : `${machine.machine.name}-again-${round}`;
    const own = slotsOf({ ...machine, machine: { ...machine.machine, name } }, workers);
    slots += own.length;
    refuseSlots('the fleet', slots);
    return own;
  }).flat();
}

function workloadsOf(text: string | undefined): readonly string[] {
  if (text === undefined) return workloadNames;
  const names = text.split(',').map((name) => name.trim());
  for (const name of names)
    if (!workloadNames.includes(name)) throw unknownWord('workload', name, workloadNames);
  return names;
}

function strategyOf(name: string | undefined): StrategyName {
  if (name === undefined) return defaultStrategy;
  const found = strategyNames.find((each) => each === name);
  if (found === undefined) throw unknownWord('strategy', name, strategyNames);
  return found;
}

function formatOf(path: string): keyof typeof outputFormats {
  const end = path.slice(path.lastIndexOf('.') + 1);
  if (Object.hasOwn(outputFormats, end)) return end as keyof typeof outputFormats;
  throw new UsageError({
    message: `\`--output ${path}\`: unknown kind of file`,
    expected: `a name that ends in ${formats.map((each) => `.${each}`).join(', ')}`,
  });
}

function refuseTogether(flags: FlagValues, one: string, others: readonly string[]): void {
  const other = flags.has(one) ? others.find((each) => flags.has(each)) : undefined;
  if (other === undefined) return;
  throw new UsageError({
    message: `\`--${one}\` and \`--${other}\` cannot be given together`,
    remedy: 'leave one of them out',
  });
}

function unknownWord(what: string, found: string, words: readonly string[]): UsageError {
  const near = nearest(found, words);
  return new UsageError({
    message: `there is no ${what} \`${found}\``,
    expected: `one of ${words.join(', ')}`,
    ...(near !== undefined && { remedy: `write \`${near}\`` }),
  });
}

function textOfFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError({ file: path, message: 'the scenario cannot be read', found }, { cause });
  }
}

function titleOf(what: string, { slots, suites }: SimulatedCase): string {
  return `${what}: ${suites.length} suites, ${slots.length} slots`;
}

function textOf(results: readonly SimulationResult[], title: string): string {
  const { titles, rows } = rowsOf(results);
  const columns = titles.map((name, index) => ({ title: name, right: index > 0 }));
  const unplaceable = results[0]?.unplaceable ?? [];
  return [
    `Simulated, no suite ran. ${title}`,
    ...table(columns, rows, Number.POSITIVE_INFINITY),
    ...(unplaceable.length === 0
      ? []
      : [
          `No slot can run ${unplaceable.length} suites: ${unplaceable.slice(0, 5).join(', ')}${unplaceable.length > 5 ? ' …' : ''}`,
        ]),
    '',
  ].join('\n');
}
