import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type DetectOptions, detectMachine } from '../../../src/detect/detect.js';
import { liveHost } from '../../../src/host/live.js';
import { temporaryDirectory } from '../temporary-host.js';

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

  test('each provider says what it alone computes: CoreML that works, WebGPU that leaves it to the CPU', async () => {
    const { detect } = projectWith(
      'onnxruntime-node',
      `exports.Tensor = class {};
       exports.listSupportedBackends = () => ['cpu', 'coreml', 'webgpu'].map((name) => ({ name }));
       const run = async () => ({ y: { data: [2, 40] } });
       exports.InferenceSession = {
         create: async (_model, { executionProviders: [name], extra }) => {
           if (name === 'cpu' ? extra : extra?.session?.disable_cpu_ep_fallback !== '1') throw new Error('wrong options');
           if (name === 'webgpu') throw new Error('graph nodes were assigned to the default CPU EP');
           return { run };
         },
       };`,
    );
    const mac = {
      platform: 'darwin',
      arch: 'arm64',
      cpuModel: () => 'Apple M3',
      readDirectory: () => [],
    } as const;
    const machine = await detect({ lazy, host: { ...liveHost(), ...mac } });
    const [cpu, gpu, npu] = ['cpu', 'gpu0', 'npu0'].map((id) =>
      machine.devices.find((each) => each.id === id),
    );
    expect(cpu?.backends).toContain('onnx');
    expect(gpu?.backends).toEqual(['mps', 'metal']);
    expect(gpu?.lacks?.['onnx']).toMatch(/provider webgpu: Error: graph nodes were assigned/);
    expect(npu?.backends).toEqual(['onnx', 'coreml']);
    expect(npu?.evidence['coreml']).toEqual({
      confidence: 'inferred',
      source:
        'onnxruntime-node added numbers with its provider coreml; which unit of the chip did it is never told',
    });
  });

  test('what one provider cannot do does not take away what another does', async () => {
    const { detect } = projectWith(
      'onnxruntime-node',
      `exports.Tensor = class {};
       exports.listSupportedBackends = () => ['cpu', 'cuda', 'dml'].map((name) => ({ name }));
       exports.InferenceSession = {
         create: async (_model, { executionProviders: [name] }) => {
           if (name === 'dml') throw new Error('no DirectX 12');
           return { run: async () => ({ y: { data: [2, 40] } }) };
         },
       };`,
    );
    const live = liveHost();
    const smi = `0, GPU-5a1fb1a7-0a51-4a0b-9d5c-0a1b2c3d4e01, NVIDIA L4, 23034, 550.54.15, Default, [N/A], 8.9`;
    const run: typeof live.run = async (command, args, options) =>
      command.includes('nvidia-smi')
        ? { status: 'ok', stdout: smi, stderr: '' }
        : live.run(command, args, options);
    const windows = { platform: 'win32', release: '10.0.22631', readDirectory: () => [], run } as const;
    const machine = await detect({ lazy, host: { ...live, ...windows } });
    const gpu = machine.devices.find(({ id }) => id === 'gpu0');
    expect(gpu?.backends).toContain('onnx');
    expect(gpu?.evidence['onnx']?.source).toMatch(/provider cuda$/);
    expect(gpu?.backends).not.toContain('directml');
  });
});
