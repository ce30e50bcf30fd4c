import type { Project } from '../config/project/project.js';
import { printableJson, printableLines } from '../core/vocabulary/printable.js';
import { formatDuration } from '../core/vocabulary/units.js';
import { defaultProfile } from '../core/workload/profile.js';
import { fleetFrom } from '../machine-file/fleets.js';
import { unlearnedText } from '../record/learn.js';
import { newestRecordIn } from '../record/newest.js';
import { makeFolderOf } from '../record/output-directory.js';
import { readRecord } from '../record/read.js';
import { besideBestPossible } from '../report/text/best-possible.js';
import { table } from '../report/text/table.js';
import { type PlannedRun, planRun } from '../shard/plan/plan.js';
import { planFileOf } from '../shard/plan/plan-file.js';
import type { CommandIo, FlagValues } from './command.js';
import { writeOutput } from './write-output.js';

/** The command `plan --shards`: how shards would divide the project's run. */
export function planForShards(project: Project, total: number, flags: FlagValues, io: CommandIo): void {
  const { options, rootDir, history, suites, invalid } = project;
  const fleet = fleetFrom(options.shards, rootDir, total);
  const run = planRun({ total, history, ...(fleet && { fleet }) });
  const all = [...suites, ...invalid.map(({ id }) => ({ id, profile: defaultProfile, fileBytes: 0 }))];
  const divided = run.divide(all);
  const known = new Set(run.knownSuites.map(({ id }) => id));
  const isKnown = all.some(({ id }) => known.has(id));
  const shards = Array.from({ length: total }, (_, index) => ({
    index: index + 1,
    machine: fleet?.[index]?.machine.machine.name ?? 'any',
    predictedMs: isKnown ? (run.predictedMs[index] ?? 0) : null,
    suites: all.flatMap(({ id }, at) => (divided[at] === index ? id : [])).sort(),
  }));
  const file = planFileOf(
    run,
    shards.map((shard) => shard.suites),
  );
  const path = flags.get('output');
  if (path !== undefined) {
    makeFolderOf(path);
    writeOutput(path, `${JSON.stringify(file, undefined, 2)}\n`, 'the plan');
  }
  const makespanMs = isKnown ? Math.max(...run.predictedMs) : null;
  const { planId, inputs } = path === undefined ? run : file;
  if (flags.has('json')) {
    const boundMs = isKnown ? run.boundMs : null;
    io.out(`${printableJson({ version: 1, planId, inputs, makespanMs, boundMs, shards })}\n`);
    return;
  }
  const expectedText = (ms: number | null) => (ms === null ? 'unknown' : formatDuration(ms));
  const lines = table(
    [
      { title: 'shard' },
      { title: 'machine' },
      { title: 'suites', right: true },
      { title: 'expected', right: true },
    ],
    shards.map(({ index, machine, suites: own, predictedMs }) => [
      `${index}/${total}`,
      machine,
      String(own.length),
      expectedText(predictedMs),
    ]),
  );
  const lists = shards.flatMap(({ index, machine, suites: own }) => [
    `shard ${index}/${total}${fleet === undefined ? '' : ` (${machine})`}:`,
    ...own.map((id) => `  ${id}`),
  ]);
  const unknown = all.filter(({ id }) => !known.has(id)).length;
  io.out(
    printableLines(
      [
        ...lines,
        ...(flags.has('list') ? lists : []),
        `plan ${planId}: slowest shard ${expectedText(makespanMs)}${boundText(run, makespanMs)}`,
        ...(isKnown ? aloneText(run.longest(), run.boundMs) : []),
        ...(unknown === 0
          ? []
          : [`${unknown} of ${all.length} suites were never measured, and are divided evenly`]),
        ...(path === undefined ? [] : [`written to ${path}: set JEST_HARDWARE_PLAN=${path} for every shard`]),
        historyText(project),
      ].join('\n'),
    ),
  );
}

function boundText({ boundMs }: PlannedRun, makespanMs: number | null): string {
  if (makespanMs === null || boundMs === 0) return '';
  return `, ${besideBestPossible(makespanMs, boundMs, 3)}`;
}

export interface Longest {
  readonly id: string;
  readonly durationMs: number;
}

/** Says so when a single suite takes as long as the whole run, so that more machines do not help. */
export function aloneText(longest: Longest | undefined, boundMs: number): readonly string[] {
  if (longest === undefined || longest.durationMs < boundMs * nearlyAll) return [];
  return [`${longest.id} alone takes ${formatDuration(longest.durationMs)}: to finish earlier, split it`];
}

/** Leaves room for rounding. */
const nearlyAll = 0.999;

/** One line that says why the newest run here taught the history nothing or only a part; empty when it taught all. */
export function historyText({ paths }: Project): string {
  const path = newestRecordIn(paths.outputDirectory);
  if (path === undefined || paths.history === undefined) return '';
  try {
    const text = unlearnedText(readRecord(path).events);
    return text === undefined ? '' : `newest run here: ${text}\n`;
  } catch {
    // This command does not need the record, so a damaged one does not stop it.
    return '';
  }
}
