import { shortModelName } from '../../../src/report/text/model-name.js';

test.each([
  ['Intel(R) Xeon(R) CPU @ 2.20GHz', 'Intel Xeon'],
  ['Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz', 'Intel Xeon Platinum 8370C'],
  ['11th Gen Intel(R) Core(TM) i7-1185G7 @ 3.00GHz', 'Intel Core i7-1185G7'],
  ['AMD Ryzen 9 5950X 16-Core Processor', 'AMD Ryzen 9 5950X'],
  ['AMD Ryzen 7 PRO 6850U with Radeon Graphics', 'AMD Ryzen 7 PRO 6850U'],
  ['AMD EPYC 7B13', 'AMD EPYC 7B13'],
  ['Apple M3 Max', 'Apple M3 Max'],
  ['NVIDIA GeForce RTX 4070', 'NVIDIA GeForce RTX 4070'],
  ['CPU', 'CPU'],
  ['(R)', '(R)'],
])('%s is called %s', (model, name) => {
  expect(shortModelName(model)).toBe(name);
});
