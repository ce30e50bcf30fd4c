import { grouped } from '../../../src/report/text/counted.js';

test.each([0, 7, 999, 1000, 12_345, 999_999, 1_000_000, 1_234_567_890])(
  '%i has its thousands apart',
  (count) => {
    expect(grouped(count)).toBe(count.toLocaleString('en'));
  },
);
