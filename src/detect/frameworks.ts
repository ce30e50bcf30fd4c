import type { Evidence } from '../core/machine.js';
import type { Backend } from '../core/taxonomy.js';
import type { Host } from './host.js';

/** Packages that bring a backend to the CPU. One line per package. */
const frameworks: Readonly<Record<string, readonly Backend[]>> = {
  'onnxruntime-node': ['onnx'],
  'onnxruntime-web': ['onnx'],
  '@tensorflow/tfjs-node': ['tensorflow', 'tfjs'],
  '@tensorflow/tfjs': ['tfjs'],
};

/** CPU backends by installed packages: looked up as Node does, through the `node_modules` of every parent folder. */
export function cpuBackendsOf(host: Host, projectDir: string): Partial<Record<Backend, Evidence>> {
  const found: Partial<Record<Backend, Evidence>> = {};
  const folders = parentsOf(projectDir)
    .map((parent) => `${parent}/node_modules`)
    .filter((folder) => host.exists(folder));
  for (const [name, backends] of Object.entries(frameworks)) {
    if (!folders.some((folder) => host.exists(`${folder}/${name}`))) continue;
    for (const backend of backends) {
      found[backend] ??= { confidence: 'inferred', source: `package ${name} is installed` };
    }
  }
  // Absent under `node --jitless`.
  if ('WebAssembly' in globalThis) found.wasm = { confidence: 'probed', source: 'WebAssembly of Node.js' };
  return found;
}

function parentsOf(directory: string): readonly string[] {
  const names = directory.split(/[\\/]/);
  return names.map((_, index) => names.slice(0, names.length - index).join('/'));
}
