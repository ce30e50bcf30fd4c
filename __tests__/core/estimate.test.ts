import { Estimates, type Observation } from '../../src/core/estimate.js';
import { suite } from './cluster.js';

const MiB = 1024 ** 2;
const seen = (suiteId: string, deviceKind: string, durationMs: number, more: Partial<Observation> = {}) => ({
  suiteId,
  deviceKind,
  durationMs,
  ...more,
});

test('nothing known', () => {
  const expected = { durationMs: 1000, hostMemoryBytes: 0, basis: 'default', samples: 0, spread: 1.2 };
  expect(new Estimates().of(suite('a', {}, 500), 'm/cpu')).toEqual(expected);
});

test('its own device', () => {
  const estimates = new Estimates([seen('a', 'm/cpu', 300, { samples: 4 }), seen('a', 'm/gpu0', 100)]);
  expect(estimates.of(suite('a'), 'm/cpu')).toMatchObject({
    durationMs: 300,
    basis: 'own-device',
    samples: 4,
  });
});

test('another device: the one with the most runs, whatever the order', () => {
  const history = [
    seen('a', 'm/cpu', 300),
    seen('a', 'm/gpu1', 90, { samples: 2 }),
    seen('a', 'm/gpu0', 80, { samples: 2 }),
  ];
  for (const order of [history, history.toReversed()]) {
    const estimate = new Estimates(order).of(suite('a'), 'm/npu0');
    expect(estimate).toMatchObject({ durationMs: 80, basis: 'other-device', samples: 2 });
  }
});

test('file size, by the median time a byte takes', () => {
  const estimates = new Estimates([
    seen('a', 'm/cpu', 100),
    seen('b', 'm/cpu', 300),
    seen('c', 'm/cpu', 90_000),
  ]);
  for (const id of ['a', 'b', 'c']) estimates.announce(suite(id, {}, 100));
  expect(estimates.of(suite('new', {}, 50), 'm/cpu')).toMatchObject({
    durationMs: 150,
    basis: 'file-size',
    samples: 3,
  });
  expect(estimates.of(suite('no size'), 'm/cpu').basis).toBe('default');
});

test('learns during the run', () => {
  const estimates = new Estimates();
  estimates.announce(suite('a', {}, 10));
  estimates.observe(seen('a', 'm/cpu', 40));
  expect(estimates.of(suite('b', {}, 20), 'm/cpu')).toMatchObject({ durationMs: 80, basis: 'file-size' });
  expect(estimates.of(suite('a', {}, 10), 'm/cpu')).toMatchObject({ durationMs: 40, basis: 'own-device' });
});

test('memory is the highest peak on any device, with room of at most an eighth', () => {
  const estimates = new Estimates([
    seen('a', 'm/cpu', 1, { peakMemoryBytes: 600 * MiB }),
    seen('a', 'm/gpu0', 1, { peakMemoryBytes: 100 * MiB }),
  ]);
  expect(estimates.of(suite('a'), 'm/gpu0').hostMemoryBytes).toBe(640 * MiB);
  for (const peakMemoryBytes of [1, 7, 17, 1000, 123_456_789, 8 * 1024 * MiB]) {
    estimates.observe(seen('b', 'm/cpu', 1, { peakMemoryBytes }));
    const { hostMemoryBytes } = estimates.of(suite('b'), 'm/cpu');
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
    for (const estimate of [estimates.of(suite('a'), 'm/cpu'), estimates.of(suite('b', {}, 1e9), 'm/cpu')]) {
      expect(Number.isSafeInteger(estimate.durationMs) && estimate.durationMs >= 1).toBe(true);
      expect(Number.isSafeInteger(estimate.hostMemoryBytes) && estimate.hostMemoryBytes >= 0).toBe(true);
    }
  },
);
