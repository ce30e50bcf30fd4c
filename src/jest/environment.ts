import type { EnvironmentContext, JestEnvironmentConfig } from '@jest/environment';
import { TestEnvironment } from 'jest-environment-node';

/**
 * Jest's node environment in which native tensor libraries work (onnxruntime-node and whatever else checks
 * `instanceof Float32Array`). Use it for a project with `testEnvironment: 'jest-runner-hardware/environment'`, or for
 * one file with `@jest-environment jest-runner-hardware/environment` in its docblock.
 *
 * Jest runs each test file in a vm context with typed array classes of its own, but a native addon belongs to the
 * main context and builds its results from the classes there. So in stock Jest onnxruntime rejects its own output:
 * "A float32 tensor's data must be type of function Float32Array()". This environment gives test files the classes
 * of the main context.
 *
 * All typed arrays, because a tensor may have any element type; and nothing else: Jest itself does the same for
 * `ArrayBuffer`, `Uint8Array` and `Buffer`, and addons recognise `DataView`, `SharedArrayBuffer`, `Array`, `Map` and
 * errors of another context as what they are. The price: what a test file adds to `Float32Array` or its prototype is
 * seen by the files that run after it in the same process.
 */
export default class HardwareEnvironment extends TestEnvironment {
  constructor(config: JestEnvironmentConfig, context: EnvironmentContext) {
    super(config, context);
    Object.assign(this.global, typedArrays);
  }
}

const typedArrayBase: unknown = Object.getPrototypeOf(Uint8Array);

// By what they are and not by a list: newer versions of Node have `Float16Array` too.
const typedArrays = Object.fromEntries(
  Object.getOwnPropertyNames(globalThis)
    .filter((name) => name.endsWith('Array'))
    .map((name) => [name, Reflect.get(globalThis, name)] as const)
    .filter(([, value]) => Object.getPrototypeOf(value) === typedArrayBase),
);
