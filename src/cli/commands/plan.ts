import type { Rejection, Suite } from '../../core/events.js';
import { neverRejection } from '../../core/filters.js';
import type { Machine, Slot } from '../../core/machine.js';
import { formatDuration } from '../../core/units.js';
import { unusableRejections } from '../../core/unusable.js';
import { defaultProfile } from '../../core/workload.js';
import { fleetFrom } from '../../detect/fleet.js';
import { type PlanHere, planHere } from '../../project/dry-run.js';
import { type Project, readProject } from '../../project/project.js';
import { clausesOf } from '../../report/clauses.js';
import { printable } from '../../report/printable.js';
import { table } from '../../report/table.js';
import { planRun } from '../../shard/plan.js';
import type { Command, CommandIo, FlagValues } from '../command.js';
import { numberFlag } from '../number-flag.js';

export const plan: Command = {
  summary: 'says what would run where, and for how long, or how shards divide the run; no test runs',
  flags: {
    shards: { summary: 'divide the run into N shards, as --shard=i/N does', value: 'N' },
    list: { summary: 'print the ids of the suites, below their device or shard' },
    workers: { summary: 'suites at once on this machine; default: as many as Jest takes', value: 'N' },
    config: { summary: "Jest's config; default: Jest finds it", value: 'FILE' },
    json: { summary: 'print the plan as JSON' },
  },
  async run(flags, io) {
    const project = readProject(process.cwd(), flags.get('config'));
    if (project.historyProblem !== undefined) io.err(`${project.historyProblem}\n`);
    for (const { problems } of project.invalid) io.err(`${problems.join('\n')}\n`);
    const total = numberFlag(flags, 'shards', { least: 1, most: 10_000 });
    if (total !== undefined) return planForShards(project, total, flags, io);
    const workers = numberFlag(flags, 'workers', { least: 1, most: 10_000 });
    const machineFile = io.env.JEST_HARDWARE_MACHINE || undefined;
    const planned = await planHere(project, {
      ...(workers !== undefined && { workers }),
      ...(machineFile !== undefined && { machineFile }),
      python: io.env.JEST_HARDWARE_PYTHON || undefined,
    });
    io.out(flags.has('json') ? jsonOf(planned) : textOf(planned, flags.has('list')));
  },
};

function jsonOf({ places, unplaceable, makespanMs, boundMs, worths, machine, slots }: PlanHere): string {
  const plan = {
    version: 1,
    makespanMs,
    boundMs,
    slots: slots.map(({ id }) => id),
    suites: places.map(({ suite, slot, startMs, estimate }) => ({
      id: suite.id,
      slotId: slot.id,
      startMs,
      estimate,
    })),
    unplaceable: unplaceable.map((suite) => ({
      id: suite.id,
      reasons: refusals(suite, machine, slots),
    })),
    oneMoreSlot: worths.map(({ slot, share }) => ({ type: slot.type, share })),
  };
  return `${JSON.stringify(plan, undefined, 2)}\n`;
}

function textOf(
  { places, unplaceable, makespanMs, boundMs, worths, machine, slots }: PlanHere,
  list: boolean,
): string {
  const types = [...new Set(slots.map(({ type }) => type))];
  const rows = types.map((type) => {
    const own = places.filter(({ slot }) => slot.type === type);
    const busyMs = own.reduce((sum, { estimate }) => sum + estimate.durationMs, 0);
    const unknown = own.filter(({ estimate }) => estimate.basis !== 'own-device').length;
    return {
      cells: [
        type,
        String(slots.filter((slot) => slot.type === type).length),
        String(own.length),
        formatDuration(busyMs),
        String(unknown),
      ],
      ids: own.map(({ suite, startMs }) => `  ${formatDuration(startMs).padStart(8)}  ${suite.id}`),
    };
  });
  const [head = '', ...lines] = table(
    [{ title: 'device' }, ...['slots', 'suites', 'busy', 'guessed'].map((title) => ({ title, right: true }))],
    rows.map(({ cells }) => cells),
    Number.POSITIVE_INFINITY,
  );
  const gap =
    boundMs === 0
      ? ''
      : `, ${(makespanMs / boundMs).toFixed(2)} x the lower bound of ${formatDuration(boundMs)}`;
  return [
    head,
    ...lines.flatMap((line, index) => [line, ...(list ? (rows[index]?.ids ?? []) : [])]),
    `expected to take ${formatDuration(makespanMs)}${gap}`,
    ...worths.map(
      ({ slot, share }) => `one more slot of ${slot.type} would save ${Math.round(share * 100)} %`,
    ),
    ...unplaceable.map((suite) => {
      const reasons = clausesOf(refusals(suite, machine, slots)).map(printable);
      return `cannot run  ${suite.id}: ${reasons.join('; ')}`;
    }),
    '',
  ].join('\n');
}

function refusals(suite: Suite, machine: Machine, slots: readonly Slot[]): readonly Rejection[] {
  const types = [...new Map(slots.map((slot) => [slot.type, slot])).values()];
  const rejections = types.map(
    (slot): Rejection =>
      neverRejection(suite, slot, false) ?? {
        slotId: slot.type,
        filter: 'device-count',
        reason: 'too few such devices at once',
        until: 'never',
      },
  );
  return [...unusableRejections(suite, [machine]), ...rejections];
}

function planForShards(project: Project, total: number, flags: FlagValues, io: CommandIo): void {
  const { options, rootDir, history, suites, invalid } = project;
  const fleet = fleetFrom(options.shards, rootDir, total);
  const run = planRun({ total, history, ...(fleet && { fleet }) });
  const all = [...suites, ...invalid.map(({ id }) => ({ id, profile: defaultProfile, fileBytes: 0 }))];
  const shardOf = new Map(all.map((suite) => [suite.id, run.shardOf(suite)]));
  const shards = Array.from({ length: total }, (_, index) => ({
    index: index + 1,
    machine: fleet?.[index]?.machine.machine.name ?? 'any',
    predictedMs: run.predictedMs[index] ?? 0,
    suites: all.filter(({ id }) => shardOf.get(id) === index).map(({ id }) => id),
  }));
  const makespanMs = Math.max(...run.predictedMs);
  if (flags.has('json')) {
    const { planId, inputs, boundMs } = run;
    io.out(`${JSON.stringify({ version: 1, planId, inputs, makespanMs, boundMs, shards }, undefined, 2)}\n`);
    return;
  }
  const lines = table(
    [
      { title: 'shard' },
      { title: 'machine' },
      { title: 'suites', right: true },
      { title: 'expected', right: true },
    ],
    shards.map((shard) => [
      `${shard.index}/${total}`,
      shard.machine,
      String(shard.suites.length),
      formatDuration(shard.predictedMs),
    ]),
    Number.POSITIVE_INFINITY,
  );
  const known = new Set(run.knownSuites.map(({ id }) => id));
  const unknown = all.filter(({ id }) => !known.has(id)).length;
  const bound = `${(makespanMs / (run.boundMs || 1)).toFixed(3)} x the lower bound of ${formatDuration(run.boundMs)}`;
  io.out(
    [
      lines[0] ?? '',
      ...lines
        .slice(1)
        .flatMap((line, index) => [
          line,
          ...(flags.has('list') ? (shards[index]?.suites ?? []).map((id) => `  ${id}`) : []),
        ]),
      `plan ${run.planId}: slowest shard ${formatDuration(makespanMs)}${run.boundMs === 0 ? '' : `, ${bound}`}`,
      ...(unknown === 0
        ? []
        : [`${unknown} of ${all.length} suites are not in the history and go by their hash`]),
      '',
    ].join('\n'),
  );
}
