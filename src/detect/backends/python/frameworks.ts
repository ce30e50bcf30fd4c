import type { Backend } from '../../../core/vocabulary/taxonomy.js';

export interface PythonFramework {
  /** For people. */
  readonly title: string;
  /** What `pip install` calls it. */
  readonly package: string;
}

/**
 * Backends that suites use by starting Python, and the packages that bring them. A new one is a row here and a function of
 * its name in the child's script.
 */
export const pythonFrameworks = {
  pytorch: { title: 'PyTorch', package: 'torch' },
  tensorflow: { title: 'TensorFlow', package: 'tensorflow' },
  jax: { title: 'JAX', package: 'jax' },
  openvino: { title: 'OpenVINO', package: 'openvino' },
  tvm: { title: 'TVM', package: 'apache-tvm' },
} as const satisfies Partial<Record<Backend, PythonFramework>>;

export type PythonBackend = keyof typeof pythonFrameworks;
