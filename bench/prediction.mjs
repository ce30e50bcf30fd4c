/**
 * How well durations are predicted, as the root mean square of ln(measured / predicted) on real timing files.
 * Usage: node bench/prediction.mjs FOLDER (files `{ runs: [{ takenAt, durationMs: { path: ms } }] }`, newest run last, and
 * `fileBytes: { path: bytes }` where sizes are known)
 */
import { projectsIn, randomFrom } from './instances.mjs';
import { source } from './source.mjs';

const { Estimates, defaultProfile, emptyHistory, observationsOf, learn } = await source(
  'core/estimate/estimate.ts',
  'core/workload/profile.ts',
  'record/history.ts',
  'record/learn.ts',
);
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node bench/prediction.mjs FOLDER');
const projects = projectsIn(folder);

const suiteOf = (id, workload = 'general', fileBytes = 0) => ({
  id,
  fileBytes,
  profile: { ...defaultProfile, workload },
});
const rms = (errors) => Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
const errorOf = (measuredMs, predictedMs) => Math.log(Math.max(1, measuredMs) / Math.max(1, predictedMs));

console.log("The next run of known suites, from the runs before (Jest's own cache keeps the last duration)");
console.log('project    predictions    ours    last    mean   ours / better of the two');
const ratios = projects.map(({ name, runs }) => {
  let history = emptyHistory;
  const seen = new Map();
  const errors = { ours: [], last: [], mean: [] };
  runs.forEach(({ durationMs }, index) => {
    const ours = new Map(observationsOf(history).map((each) => [each.suiteId, each.durationMs]));
    for (const [id, ms] of Object.entries(durationMs)) {
      const before = seen.get(id);
      if (before !== undefined) {
        errors.ours.push(errorOf(ms, ours.get(id)));
        errors.last.push(errorOf(ms, before.last));
        errors.mean.push(errorOf(ms, before.sum / before.count));
      }
      seen.set(id, { last: ms, sum: (before?.sum ?? 0) + ms, count: (before?.count ?? 0) + 1 });
    }
    history = learn(history, eventsOf(durationMs, index));
  });
  const [ours, last, mean] = [rms(errors.ours), rms(errors.last), rms(errors.mean)];
  const ratio = ours / Math.min(last, mean);
  console.log(
    [
      name.padEnd(10),
      String(errors.ours.length).padStart(11),
      ...[ours, last, mean].map((each) => each.toFixed(3).padStart(8)),
      ratio.toFixed(3).padStart(8),
    ].join(''),
  );
  return ratio;
});
console.log(`mean of the ratios ${(ratios.reduce((a, b) => a + b) / ratios.length).toFixed(3)}`);

console.log(
  '\nA known suite on a device it never ran on: newest run, three made-up kinds of devices (4 times, and for one of',
);
console.log(
  'four workloads 12 times, as fast; log-normal factor of each suite and device, sigma 0.35); a third ran on two of them',
);
for (const { name, runs } of projects) {
  const durations = Object.entries(runs.at(-1).durationMs);
  const random = randomFrom(77);
  const kinds = ['cpu', 'gpu', 'npu'];
  const truth = durations.map(([id, ms], index) => {
    const workload = ['nlp', 'vision', 'audio', 'edge-vision'][index % 4];
    const speed = [1, workload === 'nlp' ? 12 : 4, workload === 'audio' ? 0.5 : 2];
    return { id, workload, ms: speed.map((each) => (ms / each) * Math.exp(0.35 * random.normal())) };
  });
  const known = [];
  const asked = [];
  truth.forEach(({ id, workload, ms }) => {
    const order = [0, 1, 2].sort(() => random.next() - 0.5);
    const count = random.next() < 1 / 3 ? 2 : 1;
    for (const kind of order.slice(0, count))
      known.push({ suiteId: id, deviceKind: kinds[kind], durationMs: ms[kind] });
    asked.push({ id, workload, kind: kinds[order[2]], ms: ms[order[2]], other: ms[order[0]] });
  });
  const withKnown = (observations, withWorkload) => {
    const estimates = new Estimates(observations);
    for (const { id, workload } of truth)
      estimates.announce(suiteOf(id, withWorkload ? workload : 'general'));
    return rms(
      asked.map(({ id, workload, kind, ms }) =>
        errorOf(ms, estimates.estimateOf(suiteOf(id, withWorkload ? workload : 'general'), kind).durationMs),
      ),
    );
  };
  print(name, {
    ours: withKnown(known, true),
    'without workload effect': withKnown(known, false),
    'without device effect': rms(asked.map(({ ms, other }) => errorOf(ms, other))),
    'without history': withKnown([], true),
  });
}

console.log(
  '\nA new suite, by its directories and its size where that is known: a tenth of the newest run is left out, in turn',
);
for (const { name, runs, fileBytes } of projects) {
  const durations = Object.entries(runs.at(-1).durationMs);
  const suites = durations.map(([id]) => suiteOf(id, 'general', fileBytes[id]));
  const errors = { ours: [], middle: [], median: [], default: [] };
  for (let fold = 0; fold < 10; fold++) {
    const isLeft = (_, index) => index % 10 === fold;
    const rest = durations.filter((each, index) => !isLeft(each, index));
    const estimates = new Estimates(
      rest.map(([suiteId, durationMs]) => ({ suiteId, deviceKind: 'cpu', durationMs })),
    );
    for (const suite of suites) estimates.announce(suite);
    const median = rest.map(([, ms]) => ms).sort((a, b) => a - b)[rest.length >> 1];
    durations.forEach(([, ms], index) => {
      if (!isLeft(undefined, index)) return;
      const { durationMs, spread } = estimates.estimateOf(suites[index], 'cpu');
      errors.ours.push(errorOf(ms, durationMs));
      // What is expected is the mean, which lies above the middle of a skewed distribution.
      errors.middle.push(errorOf(ms, durationMs * Math.exp(-(spread ** 2) / 2)));
      errors.median.push(errorOf(ms, median));
      errors.default.push(errorOf(ms, 1000));
    });
  }
  const sized = durations.filter(([id]) => fileBytes[id] > 0).length;
  print(name, {
    ours: rms(errors.ours),
    'its middle': rms(errors.middle),
    'median of all': rms(errors.median),
    'one second': rms(errors.default),
    'share with a size': sized / durations.length,
  });
}

function print(name, figures) {
  const cells = Object.entries(figures).map(([what, figure]) => `${what} ${figure.toFixed(3)}`);
  console.log(`${name.padEnd(10)} ${cells.join('   ')}`);
}

/** The record of a run on one CPU, as far as learning looks at it. */
function eventsOf(durationMs, index) {
  const startedAt = new Date(Date.UTC(2026, 0, 1 + index)).toISOString();
  const slot = { id: 'local/cpu#1', device: { class: 'cpu' }, machine: { name: 'local' } };
  return [
    { type: 'run-started', startedAt, filtered: false, coverage: false },
    { type: 'slot-up', slot },
    ...Object.keys(durationMs).map((id) => ({ type: 'suite-queued', suite: suiteOf(id) })),
    { type: 'run-opened' },
    ...Object.entries(durationMs).map(([suiteId, ms]) => ({
      type: 'suite-ended',
      suiteId,
      slotId: slot.id,
      status: 'passed',
      durationMs: ms,
      executedTests: 1,
    })),
  ];
}
