import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import { detectMachine } from '../../src/detect/detect.js';
import { recordedHost } from '../../src/host/recorded.js';
import { parseMachine, readMachineFile } from '../../src/machine-file/read.js';
import { temporaryDirectory, temporaryHost } from '../detect/temporary-host.js';

const GiB = 1024 ** 3;
const fixtures = join(process.cwd(), 'fixtures');

function written(text: string): string {
  const file = join(temporaryDirectory(), 'hardware.json');
  writeFileSync(file, text);
  return file;
}

function laptop() {
  return recordedHost(join(fixtures, 'hosts', 'linux-laptop'));
}

describe('what the file says wins', () => {
  test('budgets and new devices are declared, the rest stays detected', async () => {
    const machineFile = join(fixtures, 'machines', 'two-gpus.json');
    const { machine, devices, problems } = await detectMachine({ host: laptop(), machineFile });
    expect(problems).toEqual([]);
    expect(machine).toMatchObject({
      name: 'gpu-box',
      platform: 'linux',
      cpuBudget: 8,
      memoryBudgetBytes: 32 * GiB,
      evidence: { cpuBudget: { confidence: 'declared', source: 'two-gpus.json' } },
    });
    expect(devices.map(({ id }) => id)).toEqual(['cpu', 'gpu0', 'gpu1']);
    expect(devices[0]).toMatchObject({ memoryBytes: 32 * GiB, vendor: 'intel' });
    expect(devices[1]).toMatchObject({
      class: 'gpu',
      usable: true,
      memoryBytes: 24 * GiB,
      backends: ['cuda', 'pytorch'],
      bindingEnv: { CUDA_VISIBLE_DEVICES: '0' },
      evidence: {
        cuda: { confidence: 'declared', source: 'two-gpus.json' },
        memoryBytes: { confidence: 'declared' },
        // What was not said follows from the model.
        fp8: { confidence: 'spec', source: 'compute capability 8.9 by the name NVIDIA GeForce RTX 4090' },
      },
    });
    expect(devices[2]).toMatchObject({
      shares: 2,
      precisions: ['fp32', 'fp16'],
      bindingEnv: { ROCR_VISIBLE_DEVICES: '0', HIP_VISIBLE_DEVICES: '0' },
    });
  });

  test('a detected device is corrected field by field', async () => {
    const host = recordedHost(join(fixtures, 'hosts', 'linux-two-nvidia'));
    const machineFile = parseMachine(
      { devices: [{ id: 'gpu1', usable: false, precisions: ['fp32'], memoryBytes: '8GB' }] },
      'options',
    );
    const gpu = (await detectMachine({ host, machineFile })).devices.find(({ id }) => id === 'gpu1');
    expect(gpu).toMatchObject({
      usable: false,
      memoryBytes: 8e9,
      precisions: ['fp32'],
      backends: ['cuda'],
      bindingEnv: { CUDA_VISIBLE_DEVICES: 'GPU-8c22e0d3-7f4e-4f0a-8a54-0a1b2c3d4e02' },
      evidence: {
        fp32: { confidence: 'declared', source: 'options' },
        usable: { confidence: 'declared' },
        model: { confidence: 'probed' },
      },
    });
    expect(gpu?.evidence).not.toHaveProperty('fp16');
  });

  test('replace drops what was detected, but never the CPU', async () => {
    const host = recordedHost(join(fixtures, 'hosts', 'linux-masked-nvidia'));
    const machineFile = join(fixtures, 'machines', 'cpu-only.json');
    const { machine, devices, problems } = await detectMachine({ host, machineFile });
    expect(devices.map(({ id, memoryBytes }) => [id, memoryBytes])).toEqual([['cpu', 4 * GiB]]);
    expect(machine.cpuBudget).toBe(2);
    expect(problems).toEqual([]);
  });

  test('a declared device that a mask hides is not usable', async () => {
    const host = temporaryHost({ facts: { env: { CUDA_VISIBLE_DEVICES: '1' } } });
    const devices = [0, 1].map((index) => ({ id: `gpu${index}`, class: 'gpu', vendor: 'nvidia' }));
    const machine = await detectMachine({ host, machineFile: parseMachine({ devices }, 'hardware.json') });
    expect(machine.devices.map(({ id, usable }) => [id, usable])).toEqual([
      ['cpu', true],
      ['gpu0', false],
      ['gpu1', true],
    ]);
    expect(machine.devices[2]?.bindingEnv).toEqual({ CUDA_VISIBLE_DEVICES: '1' });
    expect(machine.problems[0]?.message).toBe(
      'gpu0 (declared in hardware.json) is hidden by CUDA_VISIBLE_DEVICES=1',
    );
  });

  test('a device is not usable for its detected reason, unless the file says the opposite', async () => {
    const host = temporaryHost({
      files: { '/dev/nvidia0': '', '/proc/driver/nvidia/version': '' },
      tools: {
        'nvidia-smi': "echo '0, GPU-aa, NVIDIA GeForce RTX 3080, 10240, 550.54, Default, [N/A], 8.6'",
      },
      facts: { env: { CUDA_VISIBLE_DEVICES: '-1' } },
    });
    const gpu = async (entry: object) => {
      const machineFile = parseMachine({ devices: [{ id: 'gpu0', ...entry }] }, 'hardware.json');
      const { devices } = await detectMachine({ host, machineFile });
      const { usable, unusableBecause } = devices.find(({ id }) => id === 'gpu0') ?? {};
      return { usable, unusableBecause };
    };
    const hidden = { usable: false, unusableBecause: 'is hidden by CUDA_VISIBLE_DEVICES=-1' };
    expect(await gpu({ shares: 2 })).toEqual(hidden);
    expect(await gpu({ usable: false })).toEqual(hidden);
    expect(await gpu({ usable: true })).toEqual({ usable: true });
    const own = parseMachine({ devices: [{ id: 'npu0', class: 'npu', usable: false }] }, 'hardware.json');
    const { devices } = await detectMachine({ host, machineFile: own });
    expect(devices.find(({ id }) => id === 'npu0')?.unusableBecause).toBe(
      'is declared as not usable in hardware.json',
    );
  });

  test('a declared binding is taken as it stands', async () => {
    const device = {
      id: 'mig0',
      class: 'gpu',
      vendor: 'nvidia',
      bindingEnv: { CUDA_VISIBLE_DEVICES: 'MIG-1' },
    };
    const machineFile = parseMachine({ devices: [device] }, 'hardware.json');
    const { devices } = await detectMachine({ host: laptop(), machineFile });
    expect(devices[1]?.bindingEnv).toEqual(device.bindingEnv);
  });

  test('a printed machine is a machine file that says the same', async () => {
    const host = recordedHost(join(fixtures, 'hosts', 'linux-two-nvidia'));
    const printed = await detectMachine({ host });
    const machineFile = written(JSON.stringify(printed));
    const read = await detectMachine({ host: temporaryHost({}), machineFile });
    const bare = (devices: typeof printed.devices) => devices.map(({ evidence: _, ...rest }) => rest);
    expect(bare(read.devices)).toEqual(bare(printed.devices));
    expect(Object.values(read.devices[1]?.evidence ?? {}).map(({ confidence }) => confidence)).toContain(
      'declared',
    );
    expect(read.machine).toMatchObject({ cpuBudget: 32, memoryBudgetBytes: 64 * GiB });
  });
});

describe('mistakes are named with their place', () => {
  test.each([
    [
      'not JSON',
      '{\n  "devices": [\n    { "id": "gpu0" ;\n',
      3,
      'this is not JSON (column 20)',
      { expected: '`,`' },
    ],
    [
      'a trailing comma',
      '{\n  "replace": true,\n}',
      3,
      'this is not JSON (column 1)',
      { expected: 'a key in double quotes' },
    ],
    ['a comment', '// my box\n{}', 1, 'this is not JSON (column 1)', { found: '// my box' }],
    ['cut off', '{ "machine": {', 1, 'this is not JSON (column 15)', { found: 'the end of the file' }],
    [
      'a key twice',
      '{\n"replace": true,\n"replace": false }',
      3,
      'this is not JSON (column 1)',
      { expected: 'every key once, not "replace" again' },
    ],
    ['not an object', '[]', 1, 'not a machine', { found: '[]' }],
    ['a list for the machine', '{"machine": []}', 1, '`machine` is wrong', { expected: 'an object' }],
    ['a text for a device', '{"devices": ["gpu0"]}', 1, '`devices[0]` is wrong', { found: '"gpu0"' }],
    ['unknown key', '{\n"device": []\n}', 2, '`device`: no such key', { remedy: 'write `devices`' }],
    [
      'unknown key of the machine',
      '{"machine":\n{"cpuBudgt": 2}}',
      2,
      '`machine.cpuBudgt`: no such key',
      { remedy: 'write `cpuBudget`' },
    ],
    [
      'unknown key of a device',
      '{"devices": [\n{"id": "a", "class": "gpu",\n"memory": 1}]}',
      3,
      '`devices[0].memory`: no such key',
      { expected: expect.stringContaining('memoryBytes') },
    ],
    ['a device without id', '{"devices": [\n{"class": "gpu"}]}', 2, '`devices[0].id` is missing', {}],
    [
      'a new device without class',
      '{"devices": [\n{"id": "gpu0"}]}',
      2,
      '`devices[0].class` is missing',
      { expected: 'a class such as "gpu", because gpu0 was not detected' },
    ],
    [
      'two devices with one id',
      '{"devices": [\n{"id": "a", "class": "gpu"},\n{"id": "a", "class": "npu"}]}',
      3,
      '`devices[1].id`: two devices have the same id',
      { found: '"a"' },
    ],
    [
      'an id that no report can show',
      '{"devices": [{"id": "gpu 0"}]}',
      1,
      '`devices[0].id` is wrong',
      { found: '"gpu 0"' },
    ],
    [
      'unknown class',
      '{"devices": [{"id": "a",\n"class": "gpus"}]}',
      2,
      '`devices[0].class` is wrong',
      { found: '"gpus"', remedy: 'write `gpu`' },
    ],
    [
      'unknown vendor',
      '{"devices": [{"id": "a", "vendor": "nvidea"}]}',
      1,
      '`devices[0].vendor` is wrong',
      { remedy: 'write `nvidia`' },
    ],
    [
      'unknown architecture',
      '{"devices": [{"id": "a", "architecture": "arm46"}]}',
      1,
      '`devices[0].architecture` is wrong',
      { remedy: 'write `arm64`' },
    ],
    [
      'unknown backend',
      '{"devices": [{"id": "a", "backends": ["cuda",\n"webgppu"]}]}',
      2,
      '`devices[0].backends[1]` is wrong',
      { remedy: 'write `webgpu`' },
    ],
    [
      'unknown precision',
      '{"devices": [{"id": "a", "precisions": ["fp17"]}]}',
      1,
      '`devices[0].precisions[0]` is wrong',
      { remedy: expect.stringMatching(/write `fp16|fp/) },
    ],
    [
      'unknown feature',
      '{"devices": [{"id": "a", "features": ["tensor-croes"]}]}',
      1,
      '`devices[0].features[0]` is wrong',
      { remedy: 'write `tensor-cores`' },
    ],
    [
      'a text where a list belongs',
      '{"devices": [{"id": "a", "backends": "cuda"}]}',
      1,
      '`devices[0].backends` is wrong',
      { found: '"cuda"' },
    ],
    [
      'a size without unit sense',
      '{"devices": [{"id": "a", "memoryBytes": "8 gigs"}]}',
      1,
      '`devices[0].memoryBytes` is wrong',
      { found: '"8 gigs"' },
    ],
    [
      'a negative size',
      '{"machine": {"memoryBudgetBytes": -1}}',
      1,
      '`machine.memoryBudgetBytes` is wrong',
      { found: '-1' },
    ],
    [
      'no CPU',
      '{"machine": {"cpuBudget": 0}}',
      1,
      '`machine.cpuBudget` is wrong',
      { expected: 'a number above 0', found: '0' },
    ],
    [
      'half a share',
      '{"devices": [{"id": "a", "shares": 1.5}]}',
      1,
      '`devices[0].shares` is wrong',
      { expected: 'an integer from 1' },
    ],
    [
      'usable as a text',
      '{"devices": [{"id": "a", "usable": "yes"}]}',
      1,
      '`devices[0].usable` is wrong',
      { expected: 'true or false' },
    ],
    [
      'a number in the environment',
      '{"devices": [{"id": "a", "bindingEnv": {"CUDA_VISIBLE_DEVICES": 0}}]}',
      1,
      '`devices[0].bindingEnv.CUDA_VISIBLE_DEVICES` is wrong',
      { expected: 'a text', found: '0' },
    ],
    [
      'a name with blanks',
      '{"machine": {"name": "my box"}}',
      1,
      '`machine.name` is wrong',
      { found: '"my box"' },
    ],
    ['another version', '{"version": 2}', 1, '`version` is wrong', { expected: '1', found: '2' }],
  ])('%s', async (_, text, line, message, details) => {
    const file = written(text);
    const error = await detectMachine({ host: laptop(), machineFile: file }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).problems[0]).toMatchObject({ file, line, message, ...details });
  });

  test('all mistakes are told at once', () => {
    const file = written('{"version": 2, "devices": [{"id": 1}, {"id": "b", "class": "x"}]}');
    expect(() => readMachineFile(file)).toThrow(/version[\s\S]*devices\[0\]\.id[\s\S]*devices\[1\]\.class/);
  });

  test('a file that is not there', () => {
    const file = join(temporaryDirectory(), 'none.json');
    expect(() => readMachineFile(file)).toThrow(/none\.json: the machine file cannot be read/);
  });

  test('any JSON is a machine or a UsageError', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          parseMachine(value, 'options');
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
    );
  });
});
