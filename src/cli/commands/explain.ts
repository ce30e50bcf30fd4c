import { planHere } from '../../config/project/dry-run.js';
import { type Project, readProject } from '../../config/project/project.js';
import type { Estimate } from '../../core/events.js';
import { deviceKindOf } from '../../core/machine/machine.js';
import { suitabilityOf } from '../../core/machine/suitability.js';
import { smallestChanges, smallestChangeText } from '../../core/offline/smallest-change.js';
import { neverRejection } from '../../core/scheduler/feasibility.js';
import { unusableRejections } from '../../core/scheduler/unusable.js';
import { nearest } from '../../core/vocabulary/nearest.js';
import { printableJson, printableLines } from '../../core/vocabulary/printable.js';
import { formatBytes, formatDuration } from '../../core/vocabulary/units.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { defaultProfile, type WorkloadProfile } from '../../core/workload/profile.js';
import { newestRecordIn } from '../../record/newest.js';
import { readRecord } from '../../record/read.js';
import { summariseSuites } from '../../report/summary/suites.js';
import { estimateText } from '../../report/text/estimate.js';
import { table } from '../../report/text/table.js';
import type { Command } from '../command.js';

export const explainCommand: Command = {
  summary: 'says where a suite can run, how long it should take there, and what its last run did',
  words: { value: 'FILE', summary: 'the test file, as the report names it' },
  flags: {
    config: { summary: 'Jest config; default: the one Jest finds', value: 'FILE' },
    json: { summary: 'print the explanation as JSON' },
  },
  async run(flags, io) {
    const project = readProject(process.cwd(), flags.get('config'));
    const suite = suiteNamed(project, flags.words);
    const machineFile = io.env.JEST_HARDWARE_MACHINE || undefined;
    const planned = await planHere(project, {
      ...(machineFile !== undefined && { machineFile }),
      python: io.env.JEST_HARDWARE_PYTHON || undefined,
    });
    const place = planned.places.find((each) => each.suite.id === suite.id);
    const types = [...new Map(planned.slots.map((slot) => [slot.type, slot])).values()];
    const slotCandidates = types.map((slot): Candidate => {
      const rejection = neverRejection(suite, slot, false);
      if (rejection) return { type: slot.type, rejected: rejection.filter, reason: rejection.reason };
      const { score, reason } = suitabilityOf(suite.profile, slot.device);
      const estimate = planned.estimates.estimateOf(suite, deviceKindOf(slot.device));
      return { type: slot.type, estimate, suitability: score, reason };
    });
    const unusable = unusableRejections(suite, [planned.machine]).map(
      ({ slotId, filter, reason, remedy }): Candidate => ({
        type: slotId,
        rejected: filter,
        reason,
        ...(remedy !== undefined && { remedy }),
      }),
    );
    const candidates = [...unusable, ...slotCandidates];
    const changes = smallestChanges(suite, planned.slots, [planned.machine]);
    const last = lastRunOf(project, suite.id);
    if (flags.has('json')) {
      const plan = place && { slotId: place.slot.id, startMs: place.startMs };
      io.out(
        `${printableJson({ version: 1, id: suite.id, profile: suite.profile, candidates, plan, changes, last })}\n`,
      );
      return;
    }
    const rows = candidates.map(({ type, estimate, reason, remedy }) =>
      estimate === undefined
        ? [type, 'no', remedy === undefined ? reason : `${reason}; remedy: ${remedy}`]
        : [type, formatDuration(estimate.durationMs), `${estimateText(estimate)}; ${reason}`],
    );
    io.out(
      printableLines(
        [
          `${suite.id}: ${needsText(suite.profile)}`,
          ...table([{ title: 'device' }, { title: 'expected', right: true }, { title: 'why' }], rows),
          place === undefined
            ? 'no device of this machine can run it'
            : `planned on ${place.slot.id}, ${formatDuration(place.startMs)} after the start; the whole run should take ${formatDuration(planned.makespanMs)}`,
          ...changes.map((change) => `it ${smallestChangeText(change)}`),
          ...(last?.attempts.map(
            ({ slotId, status, startedAtMs, heldMs, peakMemoryBytes, cause }) =>
              `last run: ${status} on ${slotId} after ${formatDuration(heldMs)}, started at ${formatDuration(startedAtMs)}` +
              `${peakMemoryBytes === undefined ? '' : `, memory peak ${formatBytes(peakMemoryBytes)}`}${cause === undefined ? '' : `: ${cause}`}`,
          ) ?? []),
          '',
        ].join('\n'),
      ),
    );
  },
};

interface Candidate {
  readonly type: string;
  /** Name of the filter that rejects the device. */
  readonly rejected?: string;
  readonly estimate?: Estimate;
  readonly suitability?: number;
  /** Why the device is rejected, or how well it suits. */
  readonly reason: string;
  /** What would make an unusable device usable. */
  readonly remedy?: string;
}

function suiteNamed({ suites, invalid }: Project, [name, ...more]: readonly string[]) {
  if (name === undefined || more.length > 0) {
    throw new UsageError({
      message: name === undefined ? 'no test file is named' : 'several test files are named',
      expected: 'one test file',
      remedy: 'jest-runner-hardware explain test/nlp.test.js',
    });
  }
  const path = name.replace(/^\.\//, '').replaceAll('\\', '/');
  const wrong = invalid.find(({ id }) => id === path);
  if (wrong !== undefined) throw new UsageError({ message: wrong.problems.join('\n') });
  const found =
    suites.find(({ id }) => id === path) ??
    suites.find(({ id }) => id.endsWith(`/${path}`) || id.endsWith(` › ${path}`));
  if (found !== undefined) return found;
  const near = nearest(
    path,
    suites.map(({ id }) => id),
  );
  throw new UsageError({
    message: `Jest finds no test file \`${name}\``,
    expected: 'the path of a test file, relative to rootDir',
    ...(near !== undefined && { remedy: `write \`${near}\`` }),
  });
}

function needsText(profile: WorkloadProfile): string {
  const { hardware, backends, features, precisions, minMemoryBytes, workload } = profile;
  const asked = [
    hardware.map(({ class: one, count }) => (count === 1 ? one : `${one}:${count}`)).join(' or '),
    ...backends,
    ...features,
    ...(precisions.length === 0 ? [] : [precisions.join(' or ')]),
    ...(minMemoryBytes === 0 ? [] : [formatBytes(minMemoryBytes)]),
  ];
  return `needs ${asked.join(', ')}${workload === defaultProfile.workload ? '' : `; workload ${workload}`}`;
}

/** What the newest record tells of the suite, if there is one. */
function lastRunOf({ paths }: Project, suiteId: string) {
  const newest = newestRecordIn(paths.outputDirectory);
  if (newest === undefined) return undefined;
  const { events } = readRecord(newest);
  return summariseSuites(events).find(({ id }) => id === suiteId);
}
