import { kernelsWasm } from './kernels-wasm.js';

/**
 * What is timed. Addresses and lengths are in bytes of `memory`, whose first 64 KiB hold operands and whose rest is
 * there to be read through; none takes longer than some milliseconds.
 */
export interface Kernels {
  readonly memory: ArrayBuffer;
  /** C = A B for square fp32 matrices by rows, `n` a multiple of 8. */
  matmul(a: number, b: number, c: number, n: number): void;
  /** Sum of the products of two int8 vectors, `length` a multiple of 16. */
  dot(a: number, b: number, length: number): number;
  /** Sum of all int32 of a range, modulo 2³²; `bytes` a multiple of 64. */
  read(from: number, bytes: number): number;
}

/** In WebAssembly SIMD; undefined where this process cannot run it (an old CPU, `--jitless`). */
export async function simdKernels(): Promise<Kernels | undefined> {
  const { WebAssembly: wasm } = globalThis as unknown as { readonly WebAssembly?: Wasm };
  const bytes = Buffer.from(kernelsWasm, 'base64');
  if (wasm?.validate(bytes) !== true) return undefined;
  const { memory, ...kernels } = (await wasm.instantiate(bytes)).instance.exports;
  return { ...kernels, memory: memory.buffer };
}

/** The part of WebAssembly's interface that is used; TypeScript knows it only with the types of a browser. */
interface Wasm {
  validate(bytes: Uint8Array): boolean;
  instantiate(bytes: Uint8Array): Promise<{
    readonly instance: {
      readonly exports: Omit<Kernels, 'memory'> & { readonly memory: { readonly buffer: ArrayBuffer } };
    };
  }>;
}

/** The same in plain JavaScript: timed where there is no SIMD, and everywhere what the results are checked against. */
export function scalarKernels(memory = new ArrayBuffer(memoryBytes)): Kernels {
  const floats = new Float32Array(memory);
  const words = new Int32Array(memory);
  const bytes = new Int8Array(memory);
  return {
    memory,
    matmul(a, b, c, n) {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let k = 0; k < n; k++) {
            sum += (floats[a / 4 + i * n + k] as number) * (floats[b / 4 + k * n + j] as number);
          }
          floats[c / 4 + i * n + j] = sum;
        }
      }
    },
    dot(a, b, length) {
      let sum = 0;
      for (let i = 0; i < length; i++) sum += (bytes[a + i] as number) * (bytes[b + i] as number);
      return sum;
    },
    read(from, length) {
      let sum = 0;
      for (let i = from / 4; i < (from + length) / 4; i++) sum = (sum + (words[i] as number)) | 0;
      return sum;
    },
  };
}

/** As the WebAssembly module has it. */
const memoryBytes = 513 * 64 * 1024;
