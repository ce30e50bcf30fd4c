import type { Device, Performance } from '../../../src/core/machine/machine.js';
import { findOptimalDevice, performanceRanking } from '../../../src/core/scheduler/ranking.js';
import { defaultProfile, type WorkloadProfile } from '../../../src/core/workload/profile.js';

const device = (id: string, fields: Partial<Device>): Device => ({
  id,
  class: 'gpu',
  usable: true,
  software: false,
  backends: [],
  precisions: ['fp32', 'fp16', 'int8'],
  features: [],
  evidence: {},
  ...fields,
});
const speed = (value: number, fields: Partial<Performance> = {}): Performance => ({
  value,
  unit: 'GFLOPS',
  confidence: 'probed',
  source: 'best of 9',
  ...fields,
});
const profile = (fields: Partial<WorkloadProfile>): WorkloadProfile => ({
  ...defaultProfile,
  hardware: (['cpu', 'gpu', 'tpu', 'npu'] as const).map((each) => ({ class: each, count: 1 })),
  ...fields,
});
const cpu = device('cpu', { class: 'cpu', precisions: ['fp32', 'int8'], memoryBytes: 16e9 });
const t4 = device('t4', { model: 'Tesla T4' });
const rtx4090 = device('rtx4090', { model: 'NVIDIA GeForce RTX 4090' });
const unknown = device('unknown', { model: 'Some GPU' });
const npu = device('npu', { class: 'npu', precisions: ['int8'] });
const tpu = device('tpu', { class: 'tpu', precisions: ['bf16', 'fp32'] });

describe('ranking', () => {
  test('by data sheets, else by what is typical of the class; each says which', () => {
    const ranking = performanceRanking([cpu, unknown, t4, rtx4090], 'matmul', 'fp32');
    expect(ranking.map((each) => [each.device.id, each.basis, each.reason])).toEqual([
      ['rtx4090', 'spec', 'data sheet of NVIDIA GeForce RTX 4090'],
      ['t4', 'spec', 'data sheet of Tesla T4'],
      ['unknown', 'prior', 'typical of a gpu'],
      ['cpu', 'prior', 'typical of a cpu'],
    ]);
  });

  test('a measured number counts before the data sheet', () => {
    const measured = { ...rtx4090, performance: { 'matmul/fp32': speed(3) } };
    const ranking = performanceRanking([measured, t4], 'conv2d', 'fp32');
    expect(ranking.map((each) => [each.device.id, each.basis])).toEqual([
      ['t4', 'spec'],
      ['rtx4090', 'measured'],
    ]);
    expect(ranking[1]).toMatchObject({ value: 3, unit: 'GFLOPS', reason: 'measured: best of 9' });
  });

  test('what a machine file says is not called measured', () => {
    const declared = speed(9e5, { confidence: 'declared', source: 'hardware.json' });
    const [best] = performanceRanking(
      [{ ...unknown, performance: { 'matmul/fp32': declared } }, rtx4090],
      'matmul',
      'fp32',
    );
    expect(best).toMatchObject({
      device: { id: 'unknown' },
      basis: 'spec',
      reason: 'declared in hardware.json',
    });
  });

  test('unmeasured is no number', () => {
    const tried = device('cpu', { class: 'cpu', performance: { 'matmul/fp16': null } });
    expect(performanceRanking([tried], 'matmul', 'fp16')[0]?.basis).toBe('prior');
  });

  test('devices that are unusable or lack the precision are left out', () => {
    const broken = { ...rtx4090, usable: false };
    expect(performanceRanking([broken, npu, t4], 'matmul', 'fp32').map((each) => each.device.id)).toEqual([
      't4',
    ]);
  });

  test('an emulated adapter comes last, whatever it claims to be', () => {
    const emulated = { ...rtx4090, software: true };
    expect(performanceRanking([emulated, cpu], 'matmul', 'fp32').map((each) => each.device.id)).toEqual([
      'cpu',
      'rtx4090',
    ]);
  });

  test('a MIG slice has its share of the card', () => {
    const slice = device('slice', { model: 'NVIDIA H100 80GB HBM3 MIG 1g.10gb' });
    const whole = device('whole', { model: 'NVIDIA H100 80GB HBM3' });
    const [first, second] = performanceRanking([slice, whole], 'matmul', 'fp16');
    expect(second?.value).toBeCloseTo((first?.value ?? 0) / 7);
  });

  test('variants of a card differ', () => {
    const models = ['A100-SXM4-40GB', 'A100-SXM4-80GB', 'A100 80GB PCIe', 'H100 NVL', 'H100 80GB HBM3'];
    const bandwidth = (model: string) =>
      performanceRanking([device(model, { model: `NVIDIA ${model}` })], 'softmax', 'fp32')[0]?.value;
    expect(models.map(bandwidth)).toEqual([1555, 2039, 1935, 3900, 3350]);
  });

  test('memory-bound work goes by bandwidth, and a figure for another precision is only a prior', () => {
    expect(performanceRanking([rtx4090], 'softmax', 'fp32')[0]).toMatchObject({ value: 1008, unit: 'GB/s' });
    const exotic = device('exotic', { model: 'Tesla T4', precisions: ['int4'] });
    expect(performanceRanking([exotic], 'matmul', 'int4')[0]).toMatchObject({
      basis: 'prior',
      reason: 'data sheet of Tesla T4, by its int8 figure',
    });
  });
});

describe('optimal device', () => {
  test.each([
    [
      'vision on a GPU',
      { workload: 'vision', operations: ['conv2d', 'matmul'], optimalBatchSize: 32 },
      'rtx4090',
    ],
    ['mixed work on the CPU', { operations: ['parse', 'sort'] }, 'cpu'],
    ['large batches on a TPU', { operations: ['matmul', 'attention'], optimalBatchSize: 128 }, 'tpu'],
    [
      'vision at the edge on an NPU',
      { workload: 'edge-vision', operations: ['conv2d'], sensitivity: 'power' },
      'npu',
    ],
  ] as const)('%s', (_, fields, id) => {
    expect(findOptimalDevice([cpu, rtx4090, tpu, npu], profile(fields))?.device.id).toBe(id);
  });

  test('browsers: Firefox for audio on WebGPU, Edge for inference on WebNN', () => {
    const adapters = ['chrome', 'firefox', 'edge'].map((name) =>
      device(`${name}-gpu0`, { backends: ['webgpu', 'webnn'] }),
    );
    const audio = profile({ workload: 'audio', operations: ['fft'], backends: ['webgpu'] });
    expect(findOptimalDevice(adapters, audio)).toMatchObject({
      device: { id: 'firefox-gpu0' },
      basis: 'prior',
    });
    const inference = profile({ operations: ['matmul'], backends: ['webnn'] });
    expect(findOptimalDevice(adapters, inference)?.device.id).toBe('edge-gpu0');
  });

  test('a measured number is not lifted by a belief', () => {
    const slow = { ...unknown, performance: { 'matmul/fp32': speed(15) } };
    const vision = profile({ operations: ['conv2d'] });
    expect(findOptimalDevice([slow, cpu], vision)?.device.id).toBe('cpu');
  });

  test('only devices that meet the requirements', () => {
    const wanted = profile({ operations: ['matmul'], minMemoryBytes: 8e9 });
    expect(findOptimalDevice([rtx4090, cpu], wanted)?.device.id).toBe('cpu');
    expect(findOptimalDevice([rtx4090], profile({ backends: ['cuda'] }))).toBeUndefined();
  });
});
