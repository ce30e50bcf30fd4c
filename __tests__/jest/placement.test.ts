import type { SuitePlacement } from '../../src/placement.cjs';
import { loosePackage } from './loose-package.js';

const placed: SuitePlacement = {
  device: { id: 'gpu0', class: 'gpu', vendor: 'nvidia', model: 'L4', memoryBytes: 24e9 },
  devices: [{ id: 'gpu0', class: 'gpu', vendor: 'nvidia', model: 'L4', memoryBytes: 24e9 }],
  backends: ['cuda', 'onnx'],
  precision: 'fp16',
  batchSize: 8,
  cpuThreads: 2,
  degraded: true,
  attempt: 2,
};

const elsewhere = { devices: [], backends: [], degraded: false, attempt: 1 };

const printAll = 'console.log(JSON.stringify({ keys: Object.keys(placement), placement }))';
const assertFrozen = `
  test('$name', () => {
    expect(placement).toEqual(JSON.parse(process.env.JEST_HARDWARE_PLACEMENT));
    expect([placement, placement.device, placement.backends].every(Object.isFrozen)).toBe(true);
  });`;

const folder = loosePackage({
  'required.cjs': `const { placement } = require('jest-runner-hardware/placement'); ${printAll}`,
  'imported.mjs': `import { placement } from 'jest-runner-hardware/placement'; ${printAll}`,
  'required.test.cjs': `const { placement } = require('jest-runner-hardware/placement');
    ${assertFrozen.replace('$name', 'required by a CommonJS suite')}`,
  'imported.test.mjs': `import { placement } from 'jest-runner-hardware/placement';
    ${assertFrozen.replace('$name', 'imported by a native ES module')}`,
});
afterAll(() => folder.remove());

describe.each(['required.cjs', 'imported.mjs'])('%s', (file) => {
  test('under another runner there is no device, and every field is there', () => {
    expect(JSON.parse(folder.node([file]))).toEqual({ keys: Object.keys(placed), placement: elsewhere });
  });

  test('what the runner set comes through', () => {
    const output = folder.node([file], { JEST_HARDWARE_PLACEMENT: JSON.stringify(placed) });
    expect(JSON.parse(output)).toEqual({ keys: Object.keys(placed), placement: placed });
  });
});

test.each(['', '{', 'null', '7', '[]', '{"device":{}}', 'cuda:0'])(
  '%j is refused with the remedy',
  (found) => {
    const output = folder.node(['required.cjs'], { JEST_HARDWARE_PLACEMENT: found });
    expect(output).toContain('JEST_HARDWARE_PLACEMENT does not hold a placement');
    expect(output).toContain(`found:    ${found}`);
    expect(output).toContain('remedy:   remove the variable');
  },
);

test("suites of both module formats get it, frozen, from Jest's own loaders", () => {
  const { messages } = folder.jest([], { JEST_HARDWARE_PLACEMENT: JSON.stringify(placed) });
  expect(messages).toEqual({ 'required by a CommonJS suite': '', 'imported by a native ES module': '' });
});
