import type { Evidence } from '../../core/machine/machine.js';
import type { Backend } from '../../core/vocabulary/taxonomy.js';
import type { Host } from '../../host/host.js';

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

/** The parts of OpenVINO's package that compute on a kind of device, as the systems call them. */
const openvinoPlugins: Readonly<Record<'cpu' | 'gpu' | 'npu', readonly string[]>> = {
  cpu: [
    'libopenvino_intel_cpu_plugin.so',
    'libopenvino_arm_cpu_plugin.so',
    'openvino_intel_cpu_plugin.dll',
    'openvino_arm_cpu_plugin.dll',
  ],
  gpu: ['libopenvino_intel_gpu_plugin.so', 'openvino_intel_gpu_plugin.dll'],
  npu: ['libopenvino_intel_npu_plugin.so', 'openvino_intel_npu_plugin.dll'],
};

/** Of the CPU, or of Intel's GPUs or NPUs, by what is installed. */
export function openvinoBackendsOf(
  kind: keyof typeof openvinoPlugins,
  host: Host,
  projectDir: string,
): BackendEvidence {
  const files = openvinoPlugins[kind].map((name) => [`openvino-node/bin/${name}`, ['openvino']] as const);
  return backendsOf(Object.fromEntries(files), host, projectDir);
}

/** CPU backends by what is installed. */
export function cpuBackendsOf(host: Host, projectDir: string): BackendEvidence {
  const found = {
    ...backendsOf(frameworks, host, projectDir),
    ...openvinoBackendsOf('cpu', host, projectDir),
  };
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
