import { lazyProbesFor } from '../../src/detect/lazy-probes.js';

test.each([
  [[], []],
  [[['cuda']], []],
  [[['webgpu']], ['browsers', 'node-webgpu']],
  [[['cuda'], ['webnn']], ['browsers']],
  [[['onnx', 'webgpu']], ['browsers', 'node-webgpu', 'onnx-providers']],
] as const)('suites that need %j start %j', (needed, names) => {
  expect(lazyProbesFor(needed.map((backends) => ({ backends, features: [] })))).toEqual(names);
});

test('a suite that draws starts browsers', () => {
  expect(lazyProbesFor([{ backends: [], features: ['canvas'] }])).toEqual(['browsers']);
});
