import { isNumericMismatch } from '../../src/jest/run/second-opinion.js';

test.each([
  'expect(received).toBeCloseTo(expected, precision)\n\nExpected: 0.5\nReceived: 0.4998\n\nExpected precision:    4',
  'Error: expect(received).toBe(expected) // Object.is equality\n\nExpected: 1.24\nReceived: NaN',
  'expect(received).toBeLessThan(expected)\n\nExpected: < 1e-3\nReceived:   0.002',
  'expect(received).toEqual(expected) // deep equality\n\n- Expected  - 1\n+ Received  + 1\n\n  Array [\n-   0.1,\n+   0.1001,\n    2,\n  ]',
])('only numbers differ: %s', (message) => {
  expect(isNumericMismatch(message)).toBe(true);
});

test.each([
  'expect(received).toBe(expected) // Object.is equality\n\nExpected: "a"\nReceived: "b"',
  'expect(received).toEqual(expected) // deep equality\n\n- Expected  - 2\n+ Received  + 2\n\n  Object {\n-   "a": "x",\n+   "a": "y",\n  }',
  'expect(received).toBeDefined()\n\nReceived: undefined',
  'TypeError: 1 is no function',
])('something else differs: %s', (message) => {
  expect(isNumericMismatch(message)).toBe(false);
});
