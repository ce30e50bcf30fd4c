import type { Device } from '../../src/core/machine.js';
import { costOf, suitabilityOf } from '../../src/core/suitability.js';
import { defaultProfile, type WorkloadProfile } from '../../src/core/workload.js';

const device = (fields: Partial<Device>): Device => ({
  id: 'd0',
  class: 'cpu',
  usable: true,
  software: false,
  backends: [],
  precisions: [],
  features: [],
  evidence: {},
  ...fields,
});
const profile = (fields: Partial<WorkloadProfile>): WorkloadProfile => ({ ...defaultProfile, ...fields });

describe('cost', () => {
  test('is the expected time, unless the suite asks to save power', () => {
    const [cpu, npu] = [device({}), device({ class: 'npu' })];
    expect(costOf(profile({}), cpu, 900)).toBeLessThan(costOf(profile({}), npu, 1000));
    const sensitive = profile({ sensitivity: 'power' });
    expect(costOf(sensitive, cpu, 900)).toBeGreaterThan(costOf(sensitive, npu, 1000));
  });
});

describe('suitability', () => {
  test('tensor operations suit a GPU, and one with tensor cores more', () => {
    const vision = profile({ operations: ['conv2d', 'pooling'] });
    const values = [
      device({}),
      device({ class: 'gpu' }),
      device({ class: 'gpu', features: ['tensor-cores'] }),
    ].map((candidate) => suitabilityOf(vision, candidate));
    expect(values).toEqual([0, 1, 2]);
  });

  test('other operations suit every device alike', () => {
    const parsing = profile({ operations: ['parse'] });
    expect(suitabilityOf(parsing, device({ class: 'gpu', features: ['tensor-cores'] }))).toBe(0);
  });

  test('a device with the preferred memory comes before one without, or of unknown size', () => {
    const large = profile({ preferredMemoryBytes: 8e9 });
    const values = [{ memoryBytes: 8e9 }, { memoryBytes: 4e9 }, {}].map((memory) =>
      suitabilityOf(large, device({ class: 'gpu', ...memory })),
    );
    expect(values).toEqual([1, 0, 0]);
  });
});
