import { join } from 'node:path';
import { detectMachine } from '../../../src/detect/detect.js';
import { recordedHost } from '../../../src/host/recorded.js';
import { nvidiaAccess, temporaryHost } from '../temporary-host.js';

const recorded = recordedHost(join(process.cwd(), 'fixtures', 'hosts', 'h100-mig'));
const uuid = (slice: number) => `MIG-0f2a6a1c-51d6-5f8e-9a0b-6d1c2b3a4e0${slice + 1}`;
const gpu = 'GPU-5a1fb1a7-0a51-4a0b-9d5c-0a1b2c3d4e01';

async function usableIds(mask: string) {
  const { devices, problems } = await detectMachine({
    host: { ...recorded, env: { ...recorded.env, CUDA_VISIBLE_DEVICES: mask } },
  });
  const usable = devices.filter((device) => device.usable && device.class === 'gpu').map(({ id }) => id);
  return { usable, problems: problems.map(({ message }) => message) };
}

test('each slice is a device of its own, the GPU is none', async () => {
  const { devices, problems } = await detectMachine({ host: recorded });
  expect(problems).toEqual([]);
  const [, whole, large, small, part] = devices;
  expect(devices).toHaveLength(5);
  expect(whole).toMatchObject({ id: 'gpu0', usable: false });
  expect(large).toMatchObject({
    id: 'gpu0.mig0',
    class: 'gpu',
    model: 'NVIDIA H100 80GB HBM3 MIG 3g.40gb',
    memoryBytes: 40e9,
    usable: true,
    backends: ['cuda'],
    bindingEnv: { CUDA_VISIBLE_DEVICES: uuid(0) },
    evidence: { memoryBytes: { confidence: 'inferred', source: 'nvidia-smi -L, profile 3g.40gb' } },
  });
  expect(large?.features).toEqual(expect.arrayContaining(['multi-instance', 'tensor-cores']));
  expect(small).toMatchObject({ memoryBytes: 10e9, bindingEnv: { CUDA_VISIBLE_DEVICES: uuid(1) } });
  expect(part).toMatchObject({ id: 'gpu0.mig2', usable: true });
  expect(part).not.toHaveProperty('memoryBytes');
  expect(part?.evidence).not.toHaveProperty('memoryBytes');
});

test.each([
  ['one slice', uuid(1), ['gpu0.mig1']],
  ['the beginning of its UUID', 'MIG-0f2a6a1c-51d6-5f8e-9a0b-6d1c2b3a4e02', ['gpu0.mig1']],
  ['two slices', `${uuid(2)},${uuid(0)}`, ['gpu0.mig0', 'gpu0.mig2']],
  ['the whole GPU by number', '0', ['gpu0.mig0', 'gpu0.mig1', 'gpu0.mig2']],
  ['the whole GPU by UUID', gpu, ['gpu0.mig0', 'gpu0.mig1', 'gpu0.mig2']],
])('a mask that shows %s', async (_, mask, ids) => {
  const { usable, problems } = await usableIds(mask);
  expect(usable).toEqual(ids);
  expect(problems).toHaveLength(3 - ids.length);
});

test.each(['', '1', '-1', 'MIG-1234'])('a mask that shows none: %j', async (mask) => {
  const { usable, problems } = await usableIds(mask);
  expect(usable).toEqual([]);
  expect(problems[1]).toBe(`gpu0.mig1 (1g.10gb) is hidden by CUDA_VISIBLE_DEVICES=${mask}`);
});

describe('what else there may be', () => {
  const row = (index: number, mig: string, mode = 'Default') =>
    `${index}, GPU-${index}, NVIDIA A100-SXM4-40GB, 40960, 550.54, ${mode}, ${mig}, 8.0`;

  function host(rows: readonly string[], listing: string) {
    return temporaryHost({
      files: { ...nvidiaAccess, '/proc/driver/nvidia/version': '' },
      tools: { 'nvidia-smi': `case "$1" in -L) ${listing} ;; *) echo '${rows.join('\n')}' ;; esac` },
    });
  }

  async function gpus(rows: readonly string[], listing: string) {
    const { devices, problems } = await detectMachine({ host: host(rows, listing) });
    return {
      gpus: devices.slice(1).map(({ id, usable }) => `${id} ${usable}`),
      problems: problems.map(({ message }) => message),
    };
  }

  test('slices without mode: the listing is not asked for', async () => {
    expect(await gpus([row(0, 'Disabled')], 'exit 3')).toEqual({ gpus: ['gpu0 true'], problems: [] });
  });

  test('one GPU is cut, the other is not; the names of the first drivers with slices', async () => {
    const listing = `echo 'GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-0)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-1)
  MIG 1g.5gb Device 0: (UUID: MIG-GPU-1/7/0)'`;
    const machine = await detectMachine({ host: host([row(0, 'Disabled'), row(1, 'Enabled')], listing) });
    expect(machine.devices.map(({ id, usable }) => [id, usable])).toEqual([
      ['cpu', true],
      ['gpu0', true],
      ['gpu1', false],
      ['gpu1.mig0', true],
    ]);
    expect(machine.devices[3]?.bindingEnv).toEqual({ CUDA_VISIBLE_DEVICES: 'MIG-GPU-1/7/0' });
  });

  test.each([
    [
      'mode without slices',
      'Default',
      "echo 'GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-0)'",
      'MIG mode without a slice',
    ],
    ['listing fails', 'Default', 'exit 3', '`nvidia-smi -L` does not list them'],
    ['listing is garbage', 'Default', "echo '<html>'", '`nvidia-smi -L` does not list them'],
  ])('%s', async (_, mode, listing, message) => {
    expect(await gpus([row(0, 'Enabled', mode)], listing)).toEqual({
      gpus: ['gpu0 false'],
      problems: [expect.stringContaining(message)],
    });
  });

  test('no process may use the GPU: nor its slices', async () => {
    const listing = "echo 'GPU 0: A (UUID: GPU-0)\n  MIG 1g.5gb Device 0: (UUID: MIG-1)'";
    expect(await gpus([row(0, 'Enabled', 'Prohibited')], listing)).toEqual({
      gpus: ['gpu0 false', 'gpu0.mig0 false'],
      problems: [expect.stringContaining('Prohibited')],
    });
  });
});
