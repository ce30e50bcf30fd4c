import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Device, Machine } from '../../src/core/machine/machine.js';
import { confidences } from '../../src/core/vocabulary/taxonomy.js';
import { detectMachine } from '../../src/detect/detect.js';
import { recordedHost } from '../../src/host/recorded.js';
import { checkedDetection } from '../../src/remote/detected.js';
import { temporaryHost } from './temporary-host.js';

const hosts = join(process.cwd(), 'fixtures', 'hosts');
const GiB = 1024 ** 3;

/** Only the tool that never answers gets little time. */
function replay(name: string): Promise<Machine> {
  const toolTimeoutMs = name === 'nvidia-smi-hangs' ? 100 : 60_000;
  return detectMachine({ host: recordedHost(join(hosts, name)), toolTimeoutMs });
}

function device(machine: Machine, id: string): Device {
  const found = machine.devices.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`no ${id} in ${JSON.stringify(machine.devices)}`);
  return found;
}

describe('every recorded host', () => {
  test.each(readdirSync(hosts))(
    '%s: one usable CPU, budgets above 0, evidence for every label',
    async (name) => {
      const detected = await replay(name);
      const { machine, devices, problems } = detected;
      // From another machine it is taken as it is.
      const travelled: unknown = JSON.parse(JSON.stringify(detected));
      expect(checkedDetection(travelled, { name: machine.name, declaredDevices: 0 })).toEqual(travelled);
      expect(devices.filter((entry) => entry.class === 'cpu' && entry.usable)).toHaveLength(1);
      expect(machine.cpuBudget).toBeGreaterThan(0);
      expect(machine.memoryBudgetBytes).toBeGreaterThan(0);
      expect(new Set(devices.map(({ id }) => id)).size).toBe(devices.length);
      for (const entry of devices) {
        const labels = [...entry.backends, ...entry.precisions, ...entry.features];
        for (const label of labels) {
          expect(confidences).toContain(entry.evidence[label]?.confidence);
          expect(entry.evidence[label]?.source).not.toBe('');
        }
        // Present but unusable is never without a reason, or is there as its parts.
        const parts = devices.filter(({ id }) => id.startsWith(`${entry.id}.`));
        if (!entry.usable && parts.length === 0) expect(problems).not.toEqual([]);
      }
    },
  );

  test('says nothing of the machine that replays it', async () => {
    const machine = await detectMachine({
      host: temporaryHost({ facts: { platform: 'freebsd', arch: 'mips' } }),
    });
    expect(machine.machine).toMatchObject({ platform: 'freebsd', arch: 'mips', cpuBudget: 1 });
    expect(device(machine, 'cpu')).not.toHaveProperty('model');
    expect(device(machine, 'cpu').features).toEqual([]);
  });
});

describe('CPU', () => {
  test('an x86 laptop', async () => {
    const machine = await replay('linux-laptop');
    expect(machine.problems).toEqual([]);
    expect(machine.machine).toMatchObject({ name: 'local', cpuBudget: 8 });
    expect(device(machine, 'cpu')).toMatchObject({
      vendor: 'intel',
      architecture: 'x86_64',
      model: '11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz',
      memoryBytes: machine.machine.memoryBudgetBytes,
      precisions: ['fp64', 'fp32', 'int8'],
      features: ['simd', 'avx', 'avx2', 'avx512', 'smt'],
      evidence: { smt: { confidence: 'probed', source: '/proc/cpuinfo siblings > cpu cores' } },
    });
  });

  test('backends follow the packages that the project can load', async () => {
    const host = recordedHost(join(hosts, 'linux-laptop'));
    const of = async (projectDir: string) =>
      device(await detectMachine({ host, projectDir }), 'cpu').backends;
    expect(await of('/home/me/shop')).toEqual(['onnx', 'tfjs', 'wasm']);
    expect(await of('/home/me/other')).toEqual(['tfjs', 'wasm']);
    expect(await of('/srv')).toEqual(['wasm']);
  });

  test.each([
    ['graviton3', 'amazon', 'AWS Graviton3 (Neoverse-V1)', ['simd', 'neon', 'sve'], 4],
    ['raspberry-pi-4', 'arm', 'Raspberry Pi 4 Model B Rev 1.4 (Cortex-A72)', ['simd', 'neon'], 4],
    ['macos-m2', 'apple', 'Apple M2', ['simd', 'neon'], 8],
    ['windows-plain', 'amd', 'AMD Ryzen 5 5600U with Radeon Graphics', ['simd', 'avx', 'avx2', 'smt'], 12],
  ])('%s', async (name, vendor, model, features, cpuBudget) => {
    const machine = await replay(name);
    expect(device(machine, 'cpu')).toMatchObject({ vendor, model, features });
    expect(machine.machine.cpuBudget).toBe(cpuBudget);
    expect(machine.problems).toEqual([]);
  });

  test('AMX, TSX and 16-bit arithmetic by their flags', async () => {
    const sapphireRapids = device(await replay('container-cgroup-v2'), 'cpu');
    expect(sapphireRapids.features).toContain('amx');
    expect(sapphireRapids.features).not.toContain('tsx');
    expect(sapphireRapids.precisions).toEqual(['fp64', 'fp32', 'fp16', 'bf16', 'int8']);
    expect(device(await replay('container-cgroup-v1'), 'cpu').features).toContain('tsx');
  });

  test('hosts whose cpuinfo is of no known kind still have one', async () => {
    const host = temporaryHost({ files: { '/proc/cpuinfo': '\u0000: :\n::::\nflags\n' } });
    expect(device(await detectMachine({ host }), 'cpu').usable).toBe(true);
  });
});

describe('budgets', () => {
  test.each([
    ['container-cgroup-v2', 1.5, 'cri-containerd-4f2a.scope/cpu.max', 4 * GiB, 'pod7d1.slice/memory.max'],
    ['container-cgroup-v2-namespaced', 2, '/sys/fs/cgroup/cpu.max', 2 * GiB, '/sys/fs/cgroup/memory.max'],
    ['container-cgroup-v1', 2.5, 'cpu.cfs_quota_us', 3 * GiB, 'hierarchical_memory_limit'],
    ['microvm-hybrid', 2, 'Node.js', 24 * GiB, 'total memory'],
  ])('%s', async (name, cpuBudget, cpuSource, memoryBudgetBytes, memorySource) => {
    const { machine, devices } = await replay(name);
    expect(machine).toMatchObject({ cpuBudget, memoryBudgetBytes });
    expect(machine.evidence?.cpuBudget?.source).toContain(cpuSource);
    expect(machine.evidence?.memoryBudgetBytes?.source).toContain(memorySource);
    expect(devices[0]?.memoryBytes).toBe(memoryBudgetBytes);
  });

  test('affinity counts', async () => {
    const host = temporaryHost({
      facts: { availableParallelism: 64 },
      files: { '/proc/self/status': 'Cpus_allowed_list:\t0-1,8,10-12\n' },
    });
    expect((await detectMachine({ host })).machine).toMatchObject({
      cpuBudget: 6,
      evidence: { cpuBudget: { source: 'CPU affinity' } },
    });
  });
});

describe('NVIDIA GPUs', () => {
  test('two, each bound by its UUID', async () => {
    const machine = await replay('linux-two-nvidia');
    expect(machine.problems).toEqual([]);
    expect(device(machine, 'gpu1')).toMatchObject({
      class: 'gpu',
      vendor: 'nvidia',
      architecture: 'gpu-cuda',
      model: 'NVIDIA GeForce RTX 4090',
      // 3 % less than nvidia-smi's memory.total: CUDA does not give all of it.
      memoryBytes: (24564 - 737) * 1024 ** 2,
      driver: 'nvidia 550.54.15',
      capability: '8.9',
      pciAddress: '0000:02:00.0',
      usable: true,
      backends: ['cuda'],
      precisions: ['fp64', 'fp32', 'fp16', 'bf16', 'fp8', 'int8', 'int4', 'int1', 'mixed'],
      features: ['tensor-cores', 'ray-tracing', 'quantization', 'sparsity', 'dedicated-memory', 'simt'],
      bindingEnv: { CUDA_VISIBLE_DEVICES: 'GPU-8c22e0d3-7f4e-4f0a-8a54-0a1b2c3d4e02' },
      evidence: { 'tensor-cores': { confidence: 'inferred', source: 'nvidia-smi compute_cap 8.9' } },
    });
  });

  test('one that is masked outside is present but not usable', async () => {
    const machine = await replay('linux-masked-nvidia');
    expect(device(machine, 'gpu0')).toMatchObject({ usable: false });
    expect(device(machine, 'gpu0')).not.toHaveProperty('bindingEnv');
    expect(device(machine, 'gpu1')).toMatchObject({
      usable: true,
      bindingEnv: { CUDA_VISIBLE_DEVICES: 'GPU-8c22e0d3-7f4e-4f0a-8a54-0a1b2c3d4e02' },
    });
    expect(device(machine, 'gpu1').features).not.toContain('tensor-cores');
    expect(machine.problems.map(({ message }) => message)).toEqual([
      'gpu0 (NVIDIA GeForce RTX 3080) is hidden by CUDA_VISIBLE_DEVICES=1',
      expect.stringContaining('CUDA_VISIBLE_DEVICES=1 means depends on their speed'),
    ]);
  });

  test.each([
    ['nvidia-smi-hangs', 'nvidia-smi did not answer within 0.1 s'],
    ['nvidia-smi-garbage', 'nvidia-smi printed something else than a list of GPUs: "<html>'],
    ['nvidia-smi-fails', 'nvidia-smi failed: Failed to initialize NVML: Driver/library version mismatch'],
    ['nvidia-without-library', 'gpu0 (NVIDIA A100-SXM4-40GB) cannot compute: no libcuda.so.1'],
  ])('%s: shown, not usable, with the reason and a remedy', async (name, message) => {
    const machine = await replay(name);
    expect(device(machine, 'gpu0').usable).toBe(false);
    expect(machine.problems).toEqual([
      { message: expect.stringContaining(message), remedy: expect.any(String) },
    ]);
  });

  test('an old driver is asked again without the fields it rejects', async () => {
    const machine = await replay('rtx2080-old-driver');
    expect(machine.problems).toEqual([]);
    expect(device(machine, 'gpu0')).toMatchObject({
      usable: true,
      memoryBytes: (7982 - 256) * 1024 ** 2,
      evidence: {
        fp16: { confidence: 'spec', source: 'compute capability 7.5 by the name GeForce RTX 2080' },
      },
    });
    expect(device(machine, 'gpu0').features).toEqual(expect.arrayContaining(['tensor-cores', 'ray-tracing']));
    expect(device(machine, 'gpu0').precisions).not.toContain('bf16');
  });

  test('driver library and device node without the tool are enough to compute', async () => {
    const gpu = device(await replay('nvidia-compute-only-container'), 'gpu0');
    expect(gpu).toMatchObject({ usable: true, model: 'NVIDIA A100-SXM4-40GB' });
    expect(gpu.features).not.toContain('ray-tracing');
    expect(gpu).not.toHaveProperty('memoryBytes');
  });

  test.each([
    ['windows-nvidia', 'NVIDIA GeForce RTX 3090'],
    ['wsl', 'NVIDIA GeForce RTX 3070 Laptop GPU'],
  ])('%s', async (name, model) => {
    expect(device(await replay(name), 'gpu0')).toMatchObject({ model, usable: true });
  });

  test('without a sign of the driver the tool is not started', async () => {
    const machine = await replay('nvidia-smi-without-driver');
    expect(machine.devices.map(({ id }) => id)).toEqual(['cpu']);
    expect(machine.problems).toEqual([]);
  });
});

test('this very machine is detected without problems of ours', async () => {
  const { devices, machine, problems } = await detectMachine();
  expect(devices[0]).toMatchObject({ id: 'cpu', usable: true });
  expect(machine.cpuBudget).toBeGreaterThan(0);
  expect(problems.filter(({ message }) => message.includes('probe failed'))).toEqual([]);
});

test('a probe that throws is a problem of the machine, and there still is a CPU', async () => {
  const host = temporaryHost({});
  const broken = {
    ...host,
    readDirectory: (path: string) => {
      if (path === '/sys/devices/system/cpu/cpufreq') throw new Error('the disk is gone');
      return host.readDirectory(path);
    },
  };
  const machine = await detectMachine({ host: { ...broken, availableParallelism: 4 } });
  expect(machine.devices.map(({ id }) => id)).toEqual(['cpu']);
  expect(machine.problems[0]?.message).toBe('the cpu probe failed: the disk is gone');
});
