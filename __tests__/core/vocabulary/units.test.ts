import fc from 'fast-check';
import {
  formatBytes,
  formatDuration,
  parseBytes,
  parseDuration,
} from '../../../src/core/vocabulary/units.js';

describe('parseBytes', () => {
  test.each([
    ['0', 0],
    ['1024', 1024],
    ['12B', 12],
    ['1KB', 1000],
    ['3g', 3e9],
    ['1KiB', 1024],
    ['2mb', 2_000_000],
    ['2MiB', 2_097_152],
    ['1.5GB', 1_500_000_000],
    ['1.5GiB', 1_610_612_736],
    ['1TB', 1e12],
    ['1TiB', 1024 ** 4],
    ['  8 GiB ', 8 * 1024 ** 3],
    ['0.3KiB', 307],
  ])('%s is %d bytes', (text, bytes) => expect(parseBytes(text)).toBe(bytes));

  test.each([
    '',
    'GiB',
    '-1GB',
    '1e3',
    '1,5GB',
    '1Gi',
    '2 GiB please',
    'iB',
    '1iB',
    '.5GB',
    '5.GB',
    'NaN',
    'Infinity',
    '9999999TiB',
    '1constructor',
  ])('%s is no size', (text) => expect(parseBytes(text)).toBeUndefined());

  test('a formatted size reads back within the rounding shown', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 50 }), (bytes) => {
        const back = parseBytes(formatBytes(bytes)) ?? Number.NaN;
        expect(Math.abs(back - bytes)).toBeLessThanOrEqual(bytes * 0.051);
      }),
    );
  });
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [1024 ** 2 - 1, '1 MiB'],
  [8 * 1024 ** 3, '8 GiB'],
])('formatBytes(%d) is %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

describe('parseDuration', () => {
  test.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['1.5 s', 1500],
    ['0.4ms', 0],
  ])('%s is %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each(['', '30', '30sec', '-1s', 's', '1h30m', '2 days', '1e3s'])('%s is no time', (text) =>
    expect(parseDuration(text)).toBeUndefined(),
  );
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [0.4, '0 ms'],
  [3_599_990, '1 h'],
  [90_000, '1.5 m'],
  [7_200_000, '2 h'],
])('formatDuration(%d) is %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
