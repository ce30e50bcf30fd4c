import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type DetectOptions, detectMachine } from '../../src/detect/detect.js';
import { liveHost } from '../../src/detect/live-host.js';
import { temporaryDirectory } from './temporary-host.js';

/** A project with one package whose entry is this text, on this machine. */
function projectWith(name: string, entry: string) {
  const projectDir = temporaryDirectory();
  const directory = join(projectDir, 'node_modules', name);
  const log = join(projectDir, 'loads');
  write(join(directory, 'package.json'), JSON.stringify({ name, version: '9.8.7', main: 'index.js' }));
  write(
    join(directory, 'index.js'),
    `require('node:fs').appendFileSync(${JSON.stringify(log)}, 'loaded\\n');\n${entry}`,
  );
  const cacheDirectory = join(projectDir, 'cache');
  const detect = (options: DetectOptions = {}) =>
    detectMachine({
      // No GPU of the machine that runs this test plays a part.
      host: { ...liveHost(), readDirectory: () => [] },
      projectDir,
      cacheDirectory,
      toolTimeoutMs: 60_000,
      ...options,
    });
  const loads = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').length : 0);
  return { detect, loads, cacheDirectory };
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** WebGPU as far as the probe uses it, on arrays; `kernel` is the shader. */
const fakeWebGpu = (kernel: string, info = '{}') => `
  const device = {
    queue: {
      writeBuffer: (buffer, _offset, data) => buffer.data.set(data),
      submit: ([copy]) => { copy.to.data = copy.from.data.map(${kernel}); },
    },
    createShaderModule: () => ({}),
    createComputePipelineAsync: async () => ({ getBindGroupLayout: () => ({}) }),
    createBuffer: ({ size }) => ({
      data: new Float32Array(size / 4),
      mapAsync: async () => {},
      getMappedRange() { return this.data.buffer; },
    }),
    createBindGroup: () => ({}),
    createCommandEncoder: () => {
      let copy;
      return {
        beginComputePass: () => ({ setPipeline() {}, setBindGroup() {}, dispatchWorkgroups() {}, end() {} }),
        copyBufferToBuffer: (from, _a, to) => { copy = { from, to }; },
        finish: () => copy,
      };
    },
    destroy() {},
  };
  const adapter = { info: ${info}, features: new Set(), limits: {}, requestDevice: async () => device };
  exports.create = () => ({ requestAdapter: async () => adapter });
  exports.globals = { GPUBufferUsage: {}, GPUMapMode: {} };`;

describe('the package webgpu', () => {
  const lazy = ['node-webgpu'] as const;

  test('is a device when it computes, asked once', async () => {
    const { detect, loads } = projectWith(
      'webgpu',
      fakeWebGpu('(x) => x * 2 + 1', "{ vendor: 'mesa', description: 'llvmpipe' }"),
    );
    const machine = await detect({ lazy });
    expect(machine.devices.find(({ id }) => id === 'node-webgpu')).toMatchObject({
      class: 'gpu',
      architecture: 'gpu-webgpu',
      model: 'llvmpipe in webgpu 9.8.7',
      software: true,
      backends: ['webgpu'],
      precisions: ['fp32'],
      evidence: { webgpu: { confidence: 'probed' } },
    });
    expect(await detect({ lazy })).toEqual(machine);
    expect(loads()).toBe(1);
  });

  test('stays a device when the measurement of its speed does not end', async () => {
    const hanging = `
      const { createComputePipelineAsync } = device;
      let pipelines = 0;
      device.createComputePipelineAsync = async () => (pipelines++ === 0 ? createComputePipelineAsync() : new Promise(() => {}));`;
    const { detect } = projectWith('webgpu', fakeWebGpu('(x) => x * 2 + 1') + hanging);
    const machine = await detect({ lazy, calibrate: true });
    expect(machine.problems).toEqual([]);
    expect(machine.devices.find(({ id }) => id === 'node-webgpu')).toMatchObject({ usable: true });
  });

  test.each([
    ['computes wrong numbers', fakeWebGpu('(x) => x'), 60_000, /a shader gave wrong numbers/],
    [
      'has no adapter',
      'exports.create = () => ({ requestAdapter: async () => null });',
      60_000,
      /no WebGPU adapter/,
    ],
    ['aborts the process', 'process.abort();', 60_000, /ended its process/],
    ['hangs', 'for (;;);', 500, /did not end within 0.5 s/],
    ['throws', "throw new Error('no libvulkan.so.1');", 60_000, /no libvulkan\.so\.1/],
    ['prints garbage', "console.log('hi'); process.exit(0);", 60_000, /printed something else/],
  ])('%s: no device, a problem', async (_, entry, toolTimeoutMs, message) => {
    const { detect } = projectWith('webgpu', entry);
    const machine = await detect({ lazy, toolTimeoutMs });
    expect(machine.devices.map(({ id }) => id)).toEqual(['cpu']);
    expect(machine.problems.map((problem) => problem.message)).toEqual([expect.stringMatching(message)]);
  });

  test('is not loaded unless asked for, nor where it is missing', async () => {
    const { detect, loads } = projectWith('webgpu', fakeWebGpu('(x) => x * 2 + 1'));
    await detect();
    expect(loads()).toBe(0);
    const none = await detectMachine({
      projectDir: temporaryDirectory(),
      cacheDirectory: temporaryDirectory(),
      lazy,
    });
    expect(none.devices.map(({ id }) => id)).not.toContain('node-webgpu');
  });
});

describe('onnxruntime-node', () => {
  const lazy = ['onnx-providers'] as const;
  const onCpu = ({ devices }: Awaited<ReturnType<typeof detectMachine>>) =>
    devices.find(({ id }) => id === 'cpu');

  test('the real one adds numbers on the CPU', async () => {
    const projectDir = temporaryDirectory();
    mkdirSync(join(projectDir, 'node_modules'));
    symlinkSync(
      join(process.cwd(), 'node_modules', 'onnxruntime-node'),
      join(projectDir, 'node_modules', 'onnxruntime-node'),
    );
    const options = { projectDir, cacheDirectory: join(projectDir, 'cache'), toolTimeoutMs: 60_000 };
    expect(onCpu(await detectMachine(options))?.evidence.onnx).toEqual({
      confidence: 'inferred',
      source: 'onnxruntime-node is installed',
    });
    const machine = await detectMachine({ ...options, lazy });
    expect(onCpu(machine)?.backends).toContain('onnx');
    expect(onCpu(machine)?.evidence.onnx).toEqual({
      confidence: 'probed',
      source: 'onnxruntime-node added numbers with its provider cpu',
    });
  });

  test.each([
    [
      'cannot load its library',
      "throw new Error('libonnxruntime.so.1: cannot open');",
      /libonnxruntime\.so\.1/,
    ],
    ['crashes', 'process.abort();', /ended its process/],
    [
      'adds wrong',
      `exports.Tensor = class {};
       exports.InferenceSession = { create: async () => ({ run: async () => ({ y: { data: [1, 2] } }) }) };`,
      /wrong sum 1,2/,
    ],
  ])('one that %s is no backend', async (_, entry, message) => {
    const { detect } = projectWith('onnxruntime-node', entry);
    expect(onCpu(await detect())?.backends).toContain('onnx');
    const machine = await detect({ lazy });
    expect(onCpu(machine)?.backends).not.toContain('onnx');
    expect(onCpu(machine)?.evidence).not.toHaveProperty('onnx');
    expect(machine.problems.map((problem) => problem.message)).toEqual([expect.stringMatching(message)]);
  });
});
