import type { Precision } from '../../vocabulary/taxonomy.js';
import type { Device } from '../machine.js';
import { type Figure, sheetOf, typicalFigures } from './spec-sheets.js';

/**
 * What a ranking rests on: a number measured on this device, one that its maker or owner gives, one estimated from its
 * generation and the data sheets around it, or its class alone.
 */
export type RankingBasis = 'measured' | 'spec' | 'estimated' | 'prior';

export interface Speed {
  readonly value: number;
  /** `relative`: no number exists for such work, 1 stands for the class that usually does it. */
  readonly unit: 'GFLOPS' | 'GOPS' | 'GB/s' | 'relative';
  readonly basis: RankingBasis;
  /** Where the number comes from, for a person. */
  readonly reason: string;
}

/** What an operation is bound by: dense arithmetic, reading memory, or neither in particular. */
export function operationKindOf(operation: string): 'tensor' | 'memory' | 'mixed' {
  if (tensorOperations.has(operation)) return 'tensor';
  return memoryOperations.has(operation) ? 'memory' : 'mixed';
}

/** The best number known for work of this kind on the device. Whether it can compute the precision is not asked here. */
export function speedOf(device: Device, operation: string, precision: Precision): Speed {
  return ownSpeedOf(device, operation, precision) ?? modelSpeedOf(device, operation, precision);
}

/** Measured on this device, or declared for it. */
export function ownSpeedOf(device: Device, operation: string, precision: Precision): Speed | undefined {
  if (device.performance === undefined || device.software) return undefined;
  const kind = operationKindOf(operation);
  const own = device.performance;
  const told =
    own[`${operation}/${precision}`] ??
    (kind === 'tensor' ? (own[`matmul/${precision}`] ?? own[`dot/${precision}`]) : undefined) ??
    (kind === 'memory' ? own.memory : undefined);
  if (told === undefined || told === null) return undefined;
  const { value, unit, confidence, source } = told;
  return confidence === 'probed'
    ? { value, unit, basis: 'measured', reason: `measured: ${source}` }
    : { value, unit, basis: 'spec', reason: `${confidence} in ${source}` };
}

/** What is known of its model and class alone. */
export function modelSpeedOf(device: Device, operation: string, precision: Precision): Speed {
  const kind = operationKindOf(operation);
  if (kind === 'mixed') {
    const value = device.class === 'cpu' || device.class === 'hybrid' ? 1 : 0.1;
    return { value, unit: 'relative', basis: 'prior', reason: 'mixed work usually suits a CPU best' };
  }
  const figure = kind === 'memory' ? 'memory' : figures[precision];
  const unit = kind === 'memory' ? 'GB/s' : precision.startsWith('int') ? 'GOPS' : 'GFLOPS';
  const found = sheetOf(device)?.[figure];
  const exact = kind === 'memory' || exactFigures.has(precision);
  const basis = found === undefined || !exact ? 'prior' : found.basis;
  const value = found?.value ?? typicalFigures[device.class][figure];
  const origin = found?.reason ?? `typical of a ${device.class}`;
  return { value, unit, basis, reason: exact ? origin : `${origin}, by its ${figure} figure` };
}

/** The figure of a data sheet that says most about a precision. */
const figures: Readonly<Record<Precision, Figure>> = {
  fp64: 'fp32',
  fp32: 'fp32',
  fp16: 'fp16',
  bf16: 'fp16',
  mixed: 'fp16',
  fp8: 'int8',
  int8: 'int8',
  int4: 'int8',
  int2: 'int8',
  int1: 'int8',
};

const exactFigures: ReadonlySet<Precision> = new Set(['fp32', 'fp16', 'bf16', 'mixed', 'int8']);

/** Names of `@operation` that are dense linear algebra, whatever a framework calls them. */
const tensorOperations: ReadonlySet<string> = new Set([
  'matmul',
  'gemm',
  'dot',
  'attention',
  'conv',
  'conv1d',
  'conv2d',
  'depthwise-conv2d',
  'convolution',
  'linear',
  'dense',
  'fft',
]);

/** Names of `@operation` that mostly read and write. */
const memoryOperations: ReadonlySet<string> = new Set([
  'memory',
  'embedding',
  'layernorm',
  'softmax',
  'pooling',
  'batchnorm',
]);
