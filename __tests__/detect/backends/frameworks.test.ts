import { detectMachine } from '../../../src/detect/detect.js';
import { temporaryHost } from '../temporary-host.js';

const nvidiaSmi =
  "echo '0, GPU-5a1fb1a7-0a51-4a0b-9d5c-0a1b2c3d4e01, NVIDIA L4, 23034, 550.54.15, Default, [N/A], 8.9'";

const backendsWith = async (files: Readonly<Record<string, string>>) => {
  const host = temporaryHost({
    files: { '/dev/nvidia0': '', '/proc/cpuinfo': '', ...files },
    tools: { 'nvidia-smi': nvidiaSmi },
  });
  const { devices } = await detectMachine({ host, projectDir: '/home/me/project' });
  return Object.fromEntries(
    devices.map(({ id, backends }) => [id, backends.filter((word) => word !== 'wasm')]),
  );
};

test('a package in a parent folder brings its backend to the CPU', async () => {
  const { cpu } = await backendsWith({ '/home/me/node_modules/onnxruntime-node/package.json': '{}' });
  expect(cpu).toEqual(['onnx']);
});

test('a GPU has onnx only when the CUDA part of the package is there', async () => {
  const modules = '/home/me/project/node_modules/onnxruntime-node';
  const without = await backendsWith({ [`${modules}/package.json`]: '{}' });
  expect(without).toEqual({ cpu: ['onnx'], gpu0: ['cuda'] });
  const provider = `${modules}/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so`;
  const { gpu0 } = await backendsWith({ [provider]: '' });
  expect(gpu0).toEqual(['onnx', 'cuda']);
});

test.each([
  'libopenvino_intel_cpu_plugin.so',
  'libopenvino_arm_cpu_plugin.so',
  'openvino_intel_cpu_plugin.dll',
])('OpenVINO is on the CPU where its part for it is there: %s', async (plugin) => {
  const modules = '/home/me/project/node_modules/openvino-node';
  expect((await backendsWith({ [`${modules}/package.json`]: '{}' })).cpu).toEqual([]);
  expect((await backendsWith({ [`${modules}/bin/${plugin}`]: '' })).cpu).toEqual(['openvino']);
});
