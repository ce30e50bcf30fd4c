import type { DeviceClass } from '../vocabulary/taxonomy.js';
import type { HardwareRequirement, ProfileLayer, ProfilePart } from './profile.js';

const mib = 1024 ** 2;
const gib = 1024 ** 3;

/**
 * The named workloads that exist without any options. They say what such a suite likes, not what it needs: each runs on
 * a bare CPU too, so they hold no backend, feature, precision or minimum, which would be demands.
 */
const parts = {
  nlp: {
    hardware: anyOf('gpu', 'tpu', 'npu', 'cpu'),
    operations: ['matmul', 'attention', 'embedding', 'layernorm', 'softmax'],
    preferredMemoryBytes: 4 * gib,
    batchSizes: [1, 8, 16, 32],
    optimalBatchSize: 16,
    sensitivity: 'latency',
  },
  vision: {
    hardware: anyOf('gpu', 'tpu', 'npu', 'cpu'),
    operations: ['conv2d', 'pooling', 'batchnorm', 'matmul'],
    preferredMemoryBytes: 2 * gib,
    batchSizes: [1, 8, 16, 32, 64],
    optimalBatchSize: 32,
    sensitivity: 'throughput',
  },
  audio: {
    hardware: anyOf('gpu', 'dsp', 'npu', 'cpu'),
    operations: ['fft', 'conv1d', 'matmul', 'mel'],
    preferredMemoryBytes: gib,
    batchSizes: [1, 4, 8],
    optimalBatchSize: 4,
    sensitivity: 'latency',
  },
  'edge-vision': {
    hardware: anyOf('npu', 'dsp', 'gpu', 'cpu'),
    operations: ['conv2d', 'depthwise-conv2d', 'pooling'],
    preferredMemoryBytes: 256 * mib,
    batchSizes: [1, 2, 4],
    optimalBatchSize: 1,
    sensitivity: 'power',
  },
  'large-batch-nlp': {
    hardware: anyOf('gpu', 'tpu', 'cpu'),
    operations: ['matmul', 'attention', 'embedding', 'layernorm', 'softmax'],
    preferredMemoryBytes: 16 * gib,
    batchSizes: [16, 32, 64, 128],
    optimalBatchSize: 64,
    sensitivity: 'throughput',
  },
  /** What an untagged file is: a CPU and nothing else (`defaultProfile`). */
  general: {},
} as const satisfies Record<string, ProfilePart>;

export const builtInWorkloads: Readonly<Record<string, ProfileLayer>> = Object.fromEntries(
  Object.entries<ProfilePart>(parts).map(([name, part]) => {
    const origin = (field: string) => [field, { text: `\`${field}\` of the built-in workload \`${name}\`` }];
    return [name, { part, origins: Object.fromEntries(Object.keys(part).map(origin)) }];
  }),
);

function anyOf(...classes: readonly DeviceClass[]): readonly HardwareRequirement[] {
  return classes.map((one) => ({ class: one, count: 1 }));
}
