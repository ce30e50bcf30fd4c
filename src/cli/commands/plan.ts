import { type PlanHere, planHere } from '../../config/project/dry-run.js';
import { readProject } from '../../config/project/project.js';
import type { Rejection, Suite } from '../../core/events.js';
import type { Machine, Slot } from '../../core/machine/machine.js';
import { smallestChanges, smallestChangeText } from '../../core/offline/smallest-change.js';
import { neverRejection } from '../../core/scheduler/feasibility.js';
import { unusableRejections } from '../../core/scheduler/unusable.js';
import { printable, printableJson, printableLines } from '../../core/vocabulary/printable.js';
import { formatDuration } from '../../core/vocabulary/units.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { besideBestPossible } from '../../report/text/best-possible.js';
import { clausesOf } from '../../report/text/clauses.js';
import { table } from '../../report/text/table.js';
import type { Command } from '../command.js';
import { numberFlag } from '../flags/number-flag.js';
import { aloneText, historyText, type Longest, planForShards } from '../shard-plan-text.js';

export const planCommand: Command = {
  summary: 'shows what would run where and for how long, or how shards would divide the run; runs no test',
  flags: {
    shards: { summary: 'show how --shard=i/N divides the run into N shards', value: 'N' },
    output: { summary: 'write the plan for the shards to a file, for JEST_HARDWARE_PLAN', value: 'FILE' },
    coverage: { summary: 'expect the durations of runs with coverage; default: as the config says' },
    list: { summary: 'list the suites of each device or shard' },
    workers: { summary: 'number of suites at once on this machine; default: as in a run', value: 'N' },
    config: { summary: 'Jest config; default: the one Jest finds', value: 'FILE' },
    json: { summary: 'print the plan as JSON' },
  },
  async run(flags, io) {
    const project = readProject(process.cwd(), flags.get('config'), flags.has('coverage'));
    if (project.historyProblem !== undefined) io.err(`${project.historyProblem}\n`);
    for (const { problems } of project.invalid) io.err(`${problems.join('\n')}\n`);
    const total = numberFlag(flags, 'shards', { least: 1, most: 10_000 });
    if (total !== undefined) return planForShards(project, total, flags, io);
    if (flags.has('output')) {
      throw new UsageError({
        message: '`--output` writes a plan for shards, and needs their number',
        expected: '--shards N --output FILE',
        remedy: 'jest-runner-hardware plan --shards 3 --output plan.json',
      });
    }
    const workers = numberFlag(flags, 'workers', { least: 1, most: 10_000 });
    const machineFile = io.env.JEST_HARDWARE_MACHINE || undefined;
    const planned = await planHere(project, {
      ...(workers !== undefined && { workers }),
      ...(machineFile !== undefined && { machineFile }),
      python: io.env.JEST_HARDWARE_PYTHON || undefined,
    });
    io.out(
      flags.has('json')
        ? jsonOf(planned)
        : printableLines(`${textOf(planned, flags.has('list'))}${historyText(project)}`),
    );
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
      changes: smallestChanges(suite, slots, [machine]),
    })),
    oneMoreSlot: worths.map(({ slot, share }) => ({ type: slot.type, share })),
  };
  return `${printableJson(plan)}\n`;
}

function textOf(
  { places, unplaceable, makespanMs, boundMs, worths, machine, slots }: PlanHere,
  list: boolean,
): string {
  const types = [...new Set(slots.map(({ type }) => type))];
  // Without any measurement every suite counts the same, and sums mean nothing.
  const isUnknown = places.every(({ estimate }) => estimate.basis === 'default');
  const rows = types.map((type) => {
    const own = places.filter(({ slot }) => slot.type === type);
    const busyMs = own.reduce((sum, { estimate }) => sum + estimate.durationMs, 0);
    const unknown = own.filter(({ estimate }) => estimate.basis !== 'own-device').length;
    return {
      cells: [
        type,
        String(slots.filter((slot) => slot.type === type).length),
        String(own.length),
        isUnknown && own.length > 0 ? 'unknown' : formatDuration(busyMs),
        String(unknown),
      ],
      ids: [
        `${type}: from, suite`,
        ...own.map(({ suite, startMs }) => `  ${formatDuration(startMs).padStart(8)}  ${suite.id}`),
      ],
    };
  });
  const [head = '', ...lines] = table(
    [{ title: 'device' }, ...['slots', 'suites', 'busy', 'guessed'].map((title) => ({ title, right: true }))],
    rows.map(({ cells }) => cells),
  );
  const gap = boundMs === 0 ? '' : `, ${besideBestPossible(makespanMs, boundMs, 2)}`;
  return [
    head,
    ...lines,
    ...(list ? rows.flatMap(({ ids }) => ids) : []),
    ...(isUnknown
      ? ['how long it will take is unknown: no suite was measured yet']
      : [
          `expected to take ${formatDuration(makespanMs)}${gap}`,
          ...aloneText(longestOf(places), boundMs),
          ...worths.map(
            ({ slot, share }) =>
              `one more slot of ${slot.type} would save ${Math.round(share * 100)} % of the time`,
          ),
        ]),
    ...unplaceable.map((suite) => {
      const change = smallestChanges(suite, slots, [machine]).find((each) => each.of !== 'class');
      const reasons = [
        ...clausesOf(refusals(suite, machine, slots)),
        ...(change === undefined ? [] : [smallestChangeText(change)]),
      ].map(printable);
      return `cannot run  ${suite.id}: ${reasons.join('; ')}`;
    }),
    '',
  ].join('\n');
}

function longestOf(places: PlanHere['places']): Longest | undefined {
  const [first] = places.toSorted((a, b) => b.estimate.durationMs - a.estimate.durationMs);
  return first && { id: first.suite.id, durationMs: first.estimate.durationMs };
}

function refusals(suite: Suite, machine: Machine, slots: readonly Slot[]): readonly Rejection[] {
  const types = [...new Map(slots.map((slot) => [slot.type, slot])).values()];
  const rejections = types.map(
    (slot): Rejection =>
      neverRejection(suite, slot, false) ?? {
        slotId: slot.type,
        filter: 'device-count',
        reason: 'not enough such devices',
        until: 'never',
      },
  );
  return [...unusableRejections(suite, [machine]), ...rejections];
}
