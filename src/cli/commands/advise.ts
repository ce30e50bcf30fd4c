import { defaultStrategy, strategyNames } from '../../core/strategies/index.js';
import { printableLines } from '../../core/vocabulary/printable.js';
import { durationSyntax } from '../../core/vocabulary/units.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { readFleet } from '../../machine-file/fleets.js';
import { advise } from '../../simulate/advice/advise.js';
import { learnedWorkOf } from '../../simulate/advice/learned-work.js';
import { type MachineKind, machineKindsOf, withOffered } from '../../simulate/advice/machine-kinds.js';
import { adviceFormats, adviceJson } from '../../simulate/advice/outputs.js';
import { withPrices } from '../../simulate/advice/prices.js';
import { adviceText } from '../advice-text.js';
import type { Command } from '../command.js';
import { durationFlag, requiredDuration } from '../flags/duration-flag.js';
import { numberFlag } from '../flags/number-flag.js';
import { outputFormat } from '../flags/output-format.js';
import { recordedRun } from '../recorded-run.js';
import { writeOutput } from '../write-output.js';

const defaults = { mostMachines: 20, confidence: 0.9, seed: 1 } as const;
/** Runs on a fleet: fewer of large projects, whose total times vary less and take longer to compute. */
const runs = { most: 20, least: 5, suites: 15_000 } as const;

export const adviseCommand: Command = {
  summary: 'finds the cheapest machines that run the recorded suites in time, by simulation',
  words: {
    value: '[RECORD…]',
    summary: 'a record, a folder (its newest record), or the records of all shards; default: .jest-hardware',
  },
  flags: {
    'finish-within': { summary: `how soon a run should be over: ${durationSyntax}`, value: 'TIME' },
    prices: {
      summary:
        'JSON file with a price per hour by kind of machine; default: the fewest machines are the cheapest',
      value: 'FILE',
    },
    fleet: {
      summary: 'fleet file with further kinds of machines; default: those of the record',
      value: 'FILE',
    },
    setup: {
      summary: 'what each machine takes before its first suite, such as the installation; default: 0s',
      value: 'TIME',
    },
    'most-machines': { summary: `most machines at once; default: ${defaults.mostMachines}`, value: 'N' },
    runs: {
      summary: `how many runs to simulate on a fleet; default: ${runs.most}, of many suites fewer`,
      value: 'N',
    },
    confidence: {
      summary: `in which share of the runs the time must be met, 0 to 1; default: ${defaults.confidence}`,
      value: 'SHARE',
    },
    seed: { summary: `seed of all random numbers; default: ${defaults.seed}`, value: 'N' },
    json: { summary: 'print the advice as JSON' },
    output: {
      summary: `write the advice to a file: ${Object.keys(adviceFormats)
        .map((end) => `.${end}`)
        .join(', ')}`,
      value: 'FILE',
    },
  },
  async run(flags, io) {
    const finishWithinMs = requiredDuration(flags, 'finish-within');
    const output = flags.get('output');
    const format = output === undefined ? undefined : outputFormat(output, adviceFormats);
    const { run, recordPath } = recordedRun(flags.words);
    const work = learnedWorkOf(run.events);
    if (work.suites.length === 0) {
      throw new UsageError({
        file: recordPath,
        message: 'no suite of the record has a duration',
        remedy: 'name the record of a run that was not stopped',
      });
    }
    const fleet = flags.get('fleet');
    const kinds = withOffered(machineKindsOf(run.events), fleet === undefined ? [] : offeredIn(fleet));
    const prices = flags.get('prices');
    const advice = advise({
      work,
      kinds: prices === undefined ? kinds.map(withoutPrice) : withPrices(kinds, prices),
      aim: {
        finishWithinMs,
        setupMs: durationFlag(flags, 'setup') ?? 0,
        runs: numberFlag(flags, 'runs', { least: 1, most: 1000 }) ?? runsFor(work.suites.length),
        confidence:
          numberFlag(flags, 'confidence', { least: 0, most: 1, integer: false }) ?? defaults.confidence,
        seed: numberFlag(flags, 'seed', { least: 0, most: 2 ** 31 - 1 }) ?? defaults.seed,
      },
      strategy: strategyNames.find((name) => name === run.summary.strategy) ?? defaultStrategy,
      mostMachines: numberFlag(flags, 'most-machines', { least: 1, most: 256 }) ?? defaults.mostMachines,
    });
    if (output !== undefined && format !== undefined) {
      writeOutput(output, await adviceFormats[format](advice, recordPath), 'the advice');
    }
    const isPartial = run.summary.filtered || run.summary.state !== 'complete';
    io.out(
      flags.has('json') ? adviceJson(advice) : printableLines(adviceText(advice, recordPath, isPartial)),
    );
    return advice.advised === undefined ? 1 : 0;
  },
};

function runsFor(suites: number): number {
  return Math.min(runs.most, Math.max(runs.least, Math.round(runs.suites / suites)));
}

function withoutPrice({ pricePerHour: _unused, ...kind }: MachineKind): MachineKind {
  return kind;
}

/** The machines of a fleet file, each kind once. Prices per minute in it count where the prices are silent. */
function offeredIn(path: string): readonly MachineKind[] {
  const kinds = new Map<string, MachineKind>();
  for (const { machine, workers, pricePerMinute } of readFleet(path)) {
    const name = machine.machine.name.replace(/-\d+$/, '');
    const price = pricePerMinute === undefined ? {} : { pricePerHour: pricePerMinute * 60 };
    if (kinds.has(name)) continue;
    kinds.set(name, { name, machine, cpuWorkers: workers, moreWorkers: 0, recorded: 0, ...price });
  }
  return [...kinds.values()];
}
