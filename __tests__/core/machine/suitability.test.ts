import type { Device } from '../../../src/core/machine/machine.js';
import { costOf, suitabilityOf } from '../../../src/core/machine/suitability.js';
import { defaultProfile, type WorkloadProfile } from '../../../src/core/workload/profile.js';

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
  const scoresOf = (wanted: WorkloadProfile, devices: readonly Partial<Device>[]) =>
    devices.map((fields) => suitabilityOf(wanted, device(fields)).score);

  test('tensor operations suit a GPU, others a CPU', () => {
    const [cpu = 0, gpu = 0] = scoresOf(profile({ operations: ['pooling', 'conv2d'] }), [
      {},
      { class: 'gpu' },
    ]);
    expect(gpu).toBeGreaterThan(cpu);
    const [mixedCpu = 0, mixedGpu = 0] = scoresOf(profile({ operations: ['parse'] }), [{}, { class: 'gpu' }]);
    expect(mixedCpu).toBeGreaterThan(mixedGpu);
  });

  test('a device with the preferred memory comes before one without, or of unknown size', () => {
    const memories = [{ memoryBytes: 8e9 }, { memoryBytes: 4e9 }, {}].map((each) => ({
      ...each,
      class: 'gpu' as const,
    }));
    const [enough = 0, little, unknown] = scoresOf(profile({ preferredMemoryBytes: 8e9 }), memories);
    expect(enough).toBeGreaterThan(little ?? enough);
    expect(little).toBe(unknown);
  });

  test('an emulated device comes after every real one', () => {
    const devices: Partial<Device>[] = [{}, { class: 'gpu', software: true }];
    const [cpu = 0, emulated = cpu] = scoresOf(profile({ operations: ['matmul'] }), devices);
    expect(emulated).toBeLessThan(cpu);
  });
});
