import { Estimates, type Observation } from '../../../src/core/estimate/estimate.js';
import { suite } from '../cluster.js';

const MiB = 1024 ** 2;
const seen = (suiteId: string, deviceKind: string, durationMs: number, more: Partial<Observation> = {}) => ({
  suiteId,
  deviceKind,
  durationMs,
  ...more,
});

test('nothing known', () => {
  const expected = { durationMs: 1000, hostMemoryBytes: 0, basis: 'default', samples: 0, spread: 1.2 };
  expect(new Estimates().estimateOf(suite('a', {}, 500), 'm/cpu')).toEqual(expected);
});

test('its own device', () => {
  const estimates = new Estimates([seen('a', 'm/cpu', 300, { samples: 4 }), seen('a', 'm/gpu0', 100)]);
  expect(estimates.estimateOf(suite('a'), 'm/cpu')).toMatchObject({
    durationMs: 300,
    basis: 'own-device',
    samples: 4,
  });
});

test('another device: its level, times how much faster the device is for the others', () => {
  const history = [1, 2, 3, 4, 5].flatMap((n) => [
    seen(`s${n}`, 'cpu', 100 * n),
    seen(`s${n}`, 'gpu', 25 * n),
  ]);
  for (const order of [history, history.toReversed()]) {
    const estimates = new Estimates([...order, seen('a', 'cpu', 800, { samples: 2 })]);
    const estimate = estimates.estimateOf(suite('a'), 'gpu');
    expect(estimate).toMatchObject({ durationMs: 200, basis: 'other-device', samples: 2 });
    // Nobody has seen an npu: as fast as the others on average.
    expect(estimates.estimateOf(suite('a'), 'npu').basis).toBe('other-device');
  }
});

test('one odd suite does not change what is thought of a device', () => {
  const history = [1, 2, 3, 4, 5].flatMap((n) => [
    seen(`s${n}`, 'cpu', 100 * n),
    seen(`s${n}`, 'gpu', n === 5 ? 100_000 : 25 * n),
  ]);
  const estimates = new Estimates([...history, seen('a', 'cpu', 800)]);
  expect(estimates.estimateOf(suite('a'), 'gpu').durationMs).toBe(200);
});

test('a workload of its own factor on a device', () => {
  const workloads = { nlp: 10, vision: 2 };
  const estimates = new Estimates();
  for (const [workload, faster] of Object.entries(workloads)) {
    for (let n = 1; n <= 20; n++) {
      estimates.announce(suite(`${workload}${n}`, { workload }));
      estimates.observe(seen(`${workload}${n}`, 'cpu', 1000));
      estimates.observe(seen(`${workload}${n}`, 'gpu', 1000 / faster));
    }
    estimates.observe(seen(`new ${workload}`, 'cpu', 1000));
    estimates.announce(suite(`new ${workload}`, { workload }));
  }
  for (const [workload, faster] of Object.entries(workloads)) {
    const { durationMs } = estimates.estimateOf(suite(`new ${workload}`, { workload }), 'gpu');
    expect(durationMs).toBeGreaterThan(1000 / faster / 1.25);
    expect(durationMs).toBeLessThan((1000 / faster) * 1.25);
  }
});

test('a new suite: by its workload, else the size of its file, else its directory, else all suites', () => {
  const observed = [
    ['nlp/a', 9000, 0, 'nlp'],
    ['nlp/b', 9000, 0, 'nlp'],
    ['units/a', 100, 0, 'general'],
    ['units/b', 100, 0, 'general'],
    ['other/a', 900, 0, 'general'],
  ] as const;
  const estimates = new Estimates(observed.map(([id, durationMs]) => seen(id, 'cpu', durationMs)));
  for (const [id, , bytes, workload] of observed) estimates.announce(suite(id, { workload }, bytes));
  const of = (id: string, workload = 'general', bytes = 0) =>
    estimates.estimateOf(suite(id, { workload }, bytes), 'cpu');
  expect(of('elsewhere/new', 'nlp').basis).toBe('workload');
  expect(of('elsewhere/new', 'nlp').durationMs).toBeGreaterThan(2 * of('elsewhere/new').durationMs);
  expect(of('units/new')).toMatchObject({ basis: 'directory', samples: 2 });
  expect(of('units/new').durationMs).toBeLessThan(of('elsewhere/new').durationMs);
  expect(of('elsewhere/new')).toMatchObject({ basis: 'mean', samples: 5 });
  expect(of('elsewhere/new', 'general', 9000).basis).toBe('file-size');
  expect(of('elsewhere/new', 'general', 90_000).durationMs).toBeGreaterThan(
    of('elsewhere/new', 'general', 9000).durationMs,
  );
});

test('the size of files counts as much as suites show', () => {
  const estimates = new Estimates();
  for (let n = 1; n <= 100; n++) {
    estimates.announce(suite(`s${n}`, {}, 100 * n));
    estimates.observe(seen(`s${n}`, 'cpu', 3 * n));
  }
  const { durationMs, basis } = estimates.estimateOf(suite('new', {}, 5000), 'cpu');
  expect(basis).toBe('file-size');
  expect(durationMs).toBeGreaterThan(120);
  expect(durationMs).toBeLessThan(180);
});

test('what a suite brings counts first, and 0 means that nobody knows', () => {
  const estimates = new Estimates([seen('a', 'cpu', 300)]);
  const bringing = (cpu: number) => ({ ...suite('a'), expectedMs: { cpu } });
  expect(estimates.estimateOf(bringing(20), 'cpu')).toMatchObject({ durationMs: 20, basis: 'given' });
  expect(estimates.estimateOf(bringing(0), 'cpu')).toMatchObject({ durationMs: 300, basis: 'own-device' });
});

test('learns during the run', () => {
  const estimates = new Estimates();
  estimates.announce(suite('a', {}, 10));
  estimates.observe(seen('a', 'm/cpu', 40));
  expect(estimates.estimateOf(suite('b', {}, 20), 'm/cpu')).toMatchObject({
    durationMs: 103,
    basis: 'file-size',
  });
  expect(estimates.estimateOf(suite('a', {}, 10), 'm/cpu')).toMatchObject({
    durationMs: 40,
    basis: 'own-device',
  });
});

test('memory is the highest peak on any device, with room of at most an eighth', () => {
  const estimates = new Estimates([
    seen('a', 'm/cpu', 1, { peakMemoryBytes: 600 * MiB }),
    seen('a', 'm/gpu0', 1, { peakMemoryBytes: 100 * MiB }),
  ]);
  expect(estimates.estimateOf(suite('a'), 'm/gpu0').hostMemoryBytes).toBe(640 * MiB);
  for (const peakMemoryBytes of [1, 7, 17, 1000, 123_456_789, 8 * 1024 * MiB]) {
    estimates.observe(seen('b', 'm/cpu', 1, { peakMemoryBytes }));
    const { hostMemoryBytes } = estimates.estimateOf(suite('b'), 'm/cpu');
    expect(hostMemoryBytes).toBeGreaterThanOrEqual(peakMemoryBytes);
    expect(hostMemoryBytes).toBeLessThanOrEqual(Math.ceil(peakMemoryBytes * 1.125));
  }
});

test.each([0, -5, 0.2, Number.NaN, Number.POSITIVE_INFINITY, 1e300])(
  'a duration of %p is bounded',
  (durationMs) => {
    const estimates = new Estimates([
      seen('a', 'm/cpu', durationMs, { peakMemoryBytes: durationMs, samples: durationMs }),
    ]);
    estimates.announce(suite('a', {}, 1));
    for (const estimate of [
      estimates.estimateOf(suite('a'), 'm/cpu'),
      estimates.estimateOf(suite('b', {}, 1e9), 'm/cpu'),
    ]) {
      expect(Number.isSafeInteger(estimate.durationMs) && estimate.durationMs >= 1).toBe(true);
      expect(Number.isSafeInteger(estimate.hostMemoryBytes) && estimate.hostMemoryBytes >= 0).toBe(true);
    }
  },
);
