import type { Evidence } from '../core/machine.js';
import type { Backend } from '../core/taxonomy.js';
import type { Host } from './host.js';

type BackendEvidence = Partial<Record<Backend, Evidence>>;

/** Packages that bring a backend to the CPU. One line per package. */
const frameworks: Readonly<Record<string, readonly Backend[]>> = {
  'onnxruntime-node': ['onnx'],
  'onnxruntime-web': ['onnx'],
  '@tensorflow/tfjs-node': ['tensorflow', 'tfjs'],
  '@tensorflow/tfjs': ['tfjs'],
};

/** Files that bring a backend to NVIDIA GPUs: a package without its GPU part computes on the CPU and says nothing. */
const cudaFrameworks: Readonly<Record<string, readonly Backend[]>> = {
  'onnxruntime-node/bin/napi-v3/linux/x64/libonnxruntime_providers_cuda.so': ['onnx'],
  'onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so': ['onnx'],
  '@tensorflow/tfjs-node-gpu': ['tensorflow', 'tfjs'],
};

/** Backends of NVIDIA GPUs by what is installed. */
export function cudaBackendsOf(host: Host, projectDir: string): BackendEvidence {
  return backendsOf(cudaFrameworks, host, projectDir);
}

/** The parts of OpenVINO's package that compute on Intel's own devices. */
const openvinoPlugins: Readonly<Record<'gpu' | 'npu', Readonly<Record<string, readonly Backend[]>>>> = {
  gpu: { 'openvino-node/bin/libopenvino_intel_gpu_plugin.so': ['openvino'] },
  npu: { 'openvino-node/bin/libopenvino_intel_npu_plugin.so': ['openvino'] },
};

/** Backends of Intel's GPUs or NPUs by what is installed. */
export function openvinoBackendsOf(kind: 'gpu' | 'npu', host: Host, projectDir: string): BackendEvidence {
  return backendsOf(openvinoPlugins[kind], host, projectDir);
}

/** CPU backends by what is installed. */
export function cpuBackendsOf(host: Host, projectDir: string): BackendEvidence {
  const found = backendsOf(frameworks, host, projectDir);
  // Absent under `node --jitless`.
  if ('WebAssembly' in globalThis) found.wasm = { confidence: 'probed', source: 'WebAssembly of Node.js' };
  return found;
}

/** Looked up as Node does, through the `node_modules` of every parent folder. */
function backendsOf(table: typeof frameworks, host: Host, projectDir: string): BackendEvidence {
  const found: BackendEvidence = {};
  const folders = parentsOf(projectDir)
    .map((parent) => `${parent}/node_modules`)
    .filter((folder) => host.exists(folder));
  for (const [name, backends] of Object.entries(table)) {
    if (!folders.some((folder) => host.exists(`${folder}/${name}`))) continue;
    for (const backend of backends) {
      found[backend] ??= { confidence: 'inferred', source: `${name} is installed` };
    }
  }
  return found;
}

export function parentsOf(directory: string): readonly string[] {
  const names = directory.split(/[\\/]/);
  return names.map((_, index) => names.slice(0, names.length - index).join('/'));
}
