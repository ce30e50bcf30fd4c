import { setImmediate } from 'node:timers/promises';
import { type Kernels, scalarKernels } from './kernels.js';

/** What one kernel did at its best. */
interface Measurement {
  /** Operations (or bytes) per nanosecond: GFLOPS, GOPS or GB/s. Undefined: the kernel computed a wrong result. */
  readonly perNanosecond: number | undefined;
  /** How many runs it is the best of, ≥ 1. */
  readonly runs: number;
}

export interface Measurements {
  readonly matmul: Measurement;
  readonly dot: Measurement;
  readonly read: Measurement;
}

/** Long enough for the engine to put its optimised code in place, short enough for three of them. */
const kernelMs = 50;
/** The event loop runs between slices of this length. A thread of its own would not block it, but takes 30 ms to start. */
const sliceMs = 3;

const matrixSize = 64;
const vectorBytes = 4096;
const operandBytes = 64 * 1024;
const [matrixA, matrixB, matrixC, vectorA, vectorB] = [0, 16_384, 32_768, 49_152, 53_248] as const;

/** Times each kernel on one thread for 50 ms, in slices, and compares what it computes with plain JavaScript. */
export async function measure(kernels: Kernels): Promise<Measurements> {
  await writeOperands(kernels.memory);
  const { memory } = kernels;
  const matmul = () => kernels.matmul(matrixA, matrixB, matrixC, matrixSize);
  // A vector in the first-level cache is done in less time than the clock tells apart.
  const dot = () => {
    for (let time = 1; time < 64; time++) kernels.dot(vectorA, vectorB, vectorBytes);
    return kernels.dot(vectorA, vectorB, vectorBytes);
  };
  // Piece after piece, so that what a cache below 32 MiB keeps of the last is gone when its turn comes again.
  let from = operandBytes;
  const read = () => {
    kernels.read(from, pieceBytes);
    from += pieceBytes;
    if (from >= memory.byteLength) from = operandBytes;
  };
  const timed = {
    matmul: await bestOf(matmul, 2 * matrixSize ** 3),
    dot: await bestOf(dot, 64 * 2 * vectorBytes),
    read: await bestOf(read, pieceBytes),
  };
  const reference = scalarKernels(memory);
  const product = () => new Float32Array(memory.slice(matrixC, matrixC + matrixSize ** 2 * 4)).join();
  // What the timed kernel left behind, against what plain JavaScript makes of the same operands.
  const computed = product();
  reference.matmul(matrixA, matrixB, matrixC, matrixSize);
  const checked = (measurement: Measurement, right: boolean): Measurement =>
    right ? measurement : { ...measurement, perNanosecond: undefined };
  return {
    matmul: checked(timed.matmul, computed === product()),
    dot: checked(
      timed.dot,
      kernels.dot(vectorA, vectorB, vectorBytes) === reference.dot(vectorA, vectorB, vectorBytes),
    ),
    read: checked(timed.read, await sumsAgree(kernels, reference)),
  };
}

async function bestOf(run: () => unknown, operations: number): Promise<Measurement> {
  const endMs = performance.now() + kernelMs;
  let bestMs = Number.POSITIVE_INFINITY;
  let runs = 0;
  let nowMs = performance.now();
  do {
    await setImmediate();
    const sliceEndMs = performance.now() + sliceMs;
    do {
      const startMs = performance.now();
      run();
      nowMs = performance.now();
      bestMs = Math.min(bestMs, nowMs - startMs);
      runs++;
    } while (nowMs < sliceEndMs);
  } while (nowMs < endMs);
  return { perNanosecond: operations / (bestMs * 1e6), runs };
}

const pieceBytes = 4 * 1024 * 1024;

/** Whole numbers small enough that fp32 adds them without rounding, in any order. Pages get their memory here. */
async function writeOperands(memory: ArrayBuffer): Promise<void> {
  const floats = new Float32Array(memory, 0, vectorA / 4);
  for (let i = 0; i < floats.length; i++) floats[i] = ((i * 7) % 11) - 5;
  const bytes = new Int8Array(memory, vectorA, 2 * vectorBytes);
  for (let i = 0; i < bytes.length; i++) bytes[i] = i * 89;
  for (let from = operandBytes; from < memory.byteLength; from += pieceBytes) {
    new Int32Array(memory, from, pieceBytes / 4).fill(from + 1);
    await setImmediate();
  }
}

async function sumsAgree(kernels: Kernels, reference: Kernels): Promise<boolean> {
  await setImmediate();
  return kernels.read(operandBytes, pieceBytes) === reference.read(operandBytes, pieceBytes);
}
