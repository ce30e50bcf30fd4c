import { defaultStrategy, strategyNames } from '../../core/strategies/index.js';
import { printableLines } from '../../core/vocabulary/printable.js';
import { table } from '../../report/text/table.js';
import { type DrawnResult, drawnCase, planCase, type SimulatedCase } from '../../simulate/case.js';
import { fleetNames } from '../../simulate/fleets.js';
import { jsonOf, outputFormats, rowsOf } from '../../simulate/outputs.js';
import type { SimulationResult } from '../../simulate/result.js';
import type { Command, FlagValues } from '../command.js';
import { choiceFlag } from '../flags/choice-flag.js';
import { numberFlag } from '../flags/number-flag.js';
import { outputFormat } from '../flags/output-format.js';
import { refuseTogether } from '../flags/refuse-together.js';
import { caseDefaults, caseFrom, workloadNames } from '../simulated-case.js';
import { writeOutput } from '../write-output.js';

const formats = Object.keys(outputFormats);

export const simulateCommand: Command = {
  summary: 'tries a strategy or a fleet with the real scheduler, without running a test',
  flags: {
    fleet: {
      summary: `one of ${fleetNames.join(', ')}, or a fleet file; default: ${caseDefaults.fleet}`,
      value: 'NAME|FILE',
    },
    workers: {
      summary: `number of machines, taken from the fleet in turn; default: ${caseDefaults.machines}, or all of a fleet file`,
      value: 'N',
    },
    tasks: { summary: `number of made-up suites; default: ${caseDefaults.tasks}`, value: 'N' },
    workload: {
      summary: `workloads of the made-up suites, by comma: ${workloadNames.join(', ')}; default: all, in turn`,
      value: 'NAMES',
    },
    scenario: { summary: 'scenario file with slots and suites, instead of made-up ones', value: 'FILE' },
    replay: { summary: 'record whose suites are run again with their real durations', value: 'FILE' },
    strategy: { summary: `one of ${strategyNames.join(', ')}; default: ${defaultStrategy}`, value: 'NAME' },
    compare: { summary: 'compare all strategies, that of --strategy first' },
    plan: { summary: 'show the plan made before the run, instead of a run that decides as suites end' },
    moves: {
      summary:
        'number of changes tried to improve that plan; default: 2000000, up to 40000000 for large runs',
      value: 'N',
    },
    seed: { summary: `seed of all random numbers; default: ${caseDefaults.seed}`, value: 'N' },
    sigma: {
      summary: `how far true durations are from expected ones, 0.3 for about ± 30 %; default: ${caseDefaults.sigma}`,
      value: 'X',
    },
    unknown: {
      summary: `share of the suites that were never measured, 0 to 1; default: ${caseDefaults.unknown}`,
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
    const format = output === undefined ? undefined : outputFormat(output, outputFormats);
    const { given, title } = caseFrom(flags);
    const drawn = drawnFor(given, flags);
    const results = drawn.map(({ result }) => result);
    if (output !== undefined && format !== undefined) {
      writeOutput(output, await outputFormats[format](drawn, `Simulated: ${title}`), 'the results');
    }
    if (flags.has('json')) io.out(jsonOf(results));
    else io.out(printableLines(textOf(results, title)));
  },
};

function drawnFor(given: SimulatedCase, flags: FlagValues): readonly DrawnResult[] {
  const moves = numberFlag(flags, 'moves', { least: 0, most: 1e12 });
  const strategy = choiceFlag(flags, 'strategy', strategyNames) ?? defaultStrategy;
  refuseTogether(flags, 'compare', ['plan', 'moves']);
  refuseTogether(flags, 'plan', ['strategy']);
  if (flags.has('compare')) {
    const others = strategyNames.filter((name) => name !== strategy);
    return [strategy, ...others].map((name) => drawnCase(given, name));
  }
  return [flags.has('plan') ? planCase(given, moves) : drawnCase(given, strategy)];
}

function textOf(results: readonly SimulationResult[], title: string): string {
  const { titles, rows } = rowsOf(results);
  const columns = titles.map((name, index) => ({ title: name, right: index > 0 }));
  const unplaceable = results[0]?.unplaceable ?? [];
  return [
    `Simulated, no suite ran. ${title}`,
    ...table(columns, rows),
    ...(unplaceable.length === 0
      ? []
      : [
          `No slot can run ${unplaceable.length} suites: ${unplaceable.slice(0, 5).join(', ')}${unplaceable.length > 5 ? ' …' : ''}`,
        ]),
    '',
  ].join('\n');
}
