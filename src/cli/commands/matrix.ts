import { readProject } from '../../config/project/project.js';
import { printableJson } from '../../core/vocabulary/printable.js';
import { durationSyntax, formatDuration } from '../../core/vocabulary/units.js';
import { fleetFileOf, readFleet } from '../../machine-file/fleets.js';
import { kindsAskedFor, type Matrix, matrixFor } from '../../shard/plan/matrix.js';
import type { Command } from '../command.js';
import { choiceFlag } from '../flags/choice-flag.js';
import { requiredDuration } from '../flags/duration-flag.js';
import { writeOutput } from '../write-output.js';

const formats = {
  /** For `strategy.matrix: ${{ fromJSON(…) }}`, on one line: outputs of a job cannot have more. */
  github: (matrix) => `${printableJson({ include: jobsOf(matrix) }, 0)}\n`,
  /** A child pipeline. JSON is valid YAML. */
  gitlab: (matrix) => {
    const jobs = jobsOf(matrix).map(({ name, shard, labels }) => [
      name,
      {
        tags: labels,
        script: ['npm ci', `npx jest --shard=${shard}`],
        artifacts: { paths: ['.jest-hardware/'], when: 'always' },
      },
    ]);
    return `${printableJson(Object.fromEntries(jobs))}\n`;
  },
  json: (matrix) => {
    const { run, cost } = matrix;
    const makespanMs = Math.max(0, ...run.predictedMs);
    return `${printableJson({ version: 1, planId: run.planId, makespanMs, cost, jobs: jobsOf(matrix) })}\n`;
  },
} as const satisfies Record<string, (matrix: Matrix) => string>;
const formatNames = Object.keys(formats) as (keyof typeof formats)[];

export const matrixCommand: Command = {
  summary:
    'computes how many CI jobs of which kind finish the tests in time, and prints them for the CI service',
  flags: {
    'finish-within': { summary: `how soon all jobs should be done: ${durationSyntax}`, value: 'TIME' },
    runners: {
      summary: 'fleet file with the available kinds of machines; default: one for each class of hardware',
      value: 'FILE',
    },
    format: { summary: `one of ${formatNames.join(', ')}; default: github`, value: 'NAME' },
    fleet: {
      summary: 'also write the machines of the jobs to a fleet file, for the option shards',
      value: 'FILE',
    },
    config: { summary: 'Jest config; default: the one Jest finds', value: 'FILE' },
  },
  async run(flags, io) {
    const format = choiceFlag(flags, 'format', formatNames) ?? 'github';
    const finishWithinMs = requiredDuration(flags, 'finish-within');
    const { suites, history, historyProblem } = readProject(process.cwd(), flags.get('config'));
    if (historyProblem !== undefined) io.err(`${historyProblem}\n`);
    const runners = flags.get('runners');
    const found = matrixFor(
      suites,
      history,
      runners === undefined ? kindsAskedFor(suites) : readFleet(runners),
      finishWithinMs,
    );
    const fleetFile = flags.get('fleet');
    if (fleetFile !== undefined) writeOutput(fleetFile, fleetFileOf(found.fleet), 'the fleet');
    io.out(formats[format](found));
    const known = suites.filter(({ id }) => history.suites.has(id)).length;
    const cost = found.cost === undefined ? '' : `, cost ${found.cost}`;
    io.err(
      `${found.fleet.length} jobs, expected ${formatDuration(Math.max(0, ...found.run.predictedMs))}${cost}; ` +
        `durations of ${known} of ${suites.length} suites are known\n`,
    );
  },
};

function jobsOf({ fleet, run }: Matrix) {
  return fleet.map(({ machine, labels = [] }, at) => ({
    name: machine.machine.name,
    index: at + 1,
    total: fleet.length,
    shard: `${at + 1}/${fleet.length}`,
    labels,
    expectedMs: run.predictedMs[at] ?? 0,
  }));
}
