import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { detectMachine } from '../../src/detect/detect.js';
import { recordedHost } from '../../src/host/recorded.js';
import { nvidiaAccess, temporaryDirectory, temporaryHost } from '../detect/temporary-host.js';

const boot = { '/proc/sys/kernel/random/boot_id': 'boot-1\n' };
const names = `echo '[{"gpu": 0, "asic": {"market_name": "AMD Instinct MI999X"}, "bus": {"bdf": "0000:0c:00.0"}}]'`;
/** A GPU whose name only a tool tells. */
const files = {
  ...boot,
  '/sys/class/kfd/kfd/topology/nodes/1/properties':
    'simd_count 1024\ngfx_target_version 90500\nvendor_id 4098\ndevice_id 31000\nlocation_id 3072\ndomain 0\ndrm_render_minor 128\n',
  '/dev/kfd': '',
  '/dev/dri/renderD128': '',
};

/** A machine whose tool leaves one line per start beside the folder of executables. */
function machineWith(tool = names, parts: Parameters<typeof temporaryHost>[0] = { files }, name = 'amd-smi') {
  const host = temporaryHost({
    ...parts,
    tools: { [name]: `echo started >> "\${0%/*}/../starts"\n${tool}` },
  });
  const starts = () => {
    const file = join(host.directory, 'starts');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
  };
  const cacheDirectory = join(temporaryDirectory(), 'cache');
  /** Detects as a later process would: with a host of its own. */
  const detect = (change: { refresh?: boolean; env?: Record<string, string>; toolTimeoutMs?: number } = {}) =>
    detectMachine({
      host: { ...recordedHost(host.directory), ...(change.env && { env: change.env }) },
      cacheDirectory,
      ...(change.toolTimeoutMs !== undefined && { toolTimeoutMs: change.toolTimeoutMs }),
      ...(change.refresh !== undefined && { refresh: change.refresh }),
    });
  return { host, starts, detect, cacheDirectory };
}

test('a tool answers once per boot', async () => {
  const { detect, starts } = machineWith();
  const first = await detect();
  const second = await detect();
  expect(first.devices.map(({ model }) => model)).toContain('AMD Instinct MI999X');
  expect(second).toEqual(first);
  expect(starts()).toBe(1);
});

test('refresh asks again and keeps the new answer', async () => {
  const { detect, starts } = machineWith();
  await detect();
  await detect({ refresh: true });
  await detect();
  expect(starts()).toBe(2);
});

test.each([
  ['a new boot', '/proc/sys/kernel/random/boot_id', 'boot-2\n'],
  ['another driver', '/proc/driver/nvidia/version', 'NVRM version: 560\n'],
  ['another device node', '/dev/nvidia1', ''],
])('%s asks again', async (_, path, content) => {
  const { host, detect, starts } = machineWith();
  await detect();
  await detect();
  expect(starts()).toBe(1);
  const file = join(host.directory, 'fs', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  await detect();
  expect(starts()).toBe(2);
});

describe('systems without a boot id', () => {
  const store = '/C:\\Windows\\System32\\DriverStore\\FileRepository';

  function windows() {
    const answer = JSON.stringify({ gpus: [], npus: [] });
    const host = temporaryHost({
      facts: { platform: 'win32', release: '10.0.22631', env: { SystemRoot: store.slice(0, 11) } },
      files: { [store]: 'oem1.inf' },
      tools: { powershell: `echo started >> "\${0%/*}/../starts"\necho '${answer}'` },
    });
    const cacheDirectory = join(temporaryDirectory(), 'cache');
    const detect = (boot: { bootMinute?: number }) =>
      detectMachine({ host: { ...recordedHost(host.directory), ...boot }, cacheDirectory });
    const starts = () => readFileSync(join(host.directory, 'starts'), 'utf8').split('\n').length - 1;
    return { host, detect, starts };
  }

  test('the minute of the start counts', async () => {
    const { detect, starts } = windows();
    await detect({ bootMinute: 29_000_000 });
    await detect({ bootMinute: 29_000_000 });
    expect(starts()).toBe(1);
    await detect({ bootMinute: 29_000_001 });
    expect(starts()).toBe(2);
  });

  test('without it nothing is kept', async () => {
    const { detect, starts } = windows();
    await detect({});
    await detect({});
    expect(starts()).toBe(2);
  });

  test('a new driver asks again', async () => {
    const { host, detect, starts } = windows();
    await detect({ bootMinute: 29_000_000 });
    writeFileSync(join(host.directory, 'fs', store), 'oem1.inf oem2.inf');
    await detect({ bootMinute: 29_000_000 });
    expect(starts()).toBe(2);
  });
});

test('another mask asks again', async () => {
  const { detect, starts } = machineWith();
  await detect();
  await detect({ env: { HIP_VISIBLE_DEVICES: '0' } });
  expect(starts()).toBe(2);
});

test('budgets are never kept', async () => {
  const { host, detect } = machineWith();
  const before = await detect();
  writeFileSync(
    join(host.directory, 'host.json'),
    JSON.stringify({ platform: 'linux', arch: 'x64', totalMemoryBytes: 2 ** 30, availableParallelism: 3 }),
  );
  const after = await detect();
  expect(before.machine.memoryBudgetBytes).toBe(2 ** 34);
  expect(after.machine).toMatchObject({ memoryBudgetBytes: 2 ** 30, cpuBudget: 3 });
});

test.each([
  ['not JSON', '{"key":'],
  ['null', 'null'],
  ['another shape', '{"key": 1, "answers": []}'],
])('a damaged cache is written anew: %s', async (_, content) => {
  const { detect, starts, cacheDirectory } = machineWith();
  await detect();
  const file = join(cacheDirectory, 'tools.json');
  writeFileSync(file, content);
  expect((await detect()).devices).toHaveLength(2);
  await detect();
  expect(starts()).toBe(2);
  expect(readdirSync(cacheDirectory)).toEqual(['tools.json']);
});

test('answers of another shape inside a valid cache are asked again', async () => {
  const { detect, starts, cacheDirectory } = machineWith();
  await detect();
  const file = join(cacheDirectory, 'tools.json');
  const kept = JSON.parse(readFileSync(file, 'utf8')) as { answers: Record<string, unknown> };
  for (const call of Object.keys(kept.answers)) kept.answers[call] = { status: 'ok', stdout: 7 };
  writeFileSync(file, JSON.stringify(kept));
  expect((await detect()).devices).toHaveLength(2);
  expect(starts()).toBe(2);
});

test.each([
  ['a failure', 'exit 9'],
  ['garbage', 'echo hello'],
])('%s is not kept', async (_, tool) => {
  const { detect, starts, cacheDirectory } = machineWith(tool);
  await detect();
  await detect();
  expect(starts()).toBe(2);
  expect(existsSync(cacheDirectory)).toBe(false);
});

test('a folder that cannot be written costs nothing but time', async () => {
  const { host } = machineWith();
  const file = join(temporaryDirectory(), 'file');
  writeFileSync(file, '');
  const machine = await detectMachine({ host, cacheDirectory: join(file, 'below') });
  expect(machine.devices).toHaveLength(2);
});

describe('health and modes of NVIDIA GPUs', () => {
  const row = '0, GPU-aa, NVIDIA GeForce RTX 4090, 24564, 550.54.15, Default, [N/A], 8.9';
  const nvidia = { files: { ...boot, ...nvidiaAccess } };
  const machineOf = (tool: string) => machineWith(tool, nvidia, 'nvidia-smi');

  test('are asked for in every detection, once', async () => {
    const { detect, starts } = machineOf(`echo '${row}'`);
    await detect();
    expect(starts()).toBe(1);
    await detect();
    expect(starts()).toBe(2);
  });

  test.each([
    ['the GPU is lost', `echo '${row.replace('24564', '[GPU is lost]')}'`],
    ['no process may use it', `echo '${row.replace('Default', 'Prohibited')}'`],
    [
      'the library is of another driver',
      "echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18",
    ],
  ])('what was usable is not any more: %s', async (_, tool) => {
    const { host, detect } = machineOf(`echo '${row}'`);
    expect((await detect()).devices[1]).toMatchObject({ id: 'gpu0', usable: true });
    writeFileSync(join(host.directory, 'bin/nvidia-smi'), `#!/bin/sh\n${tool}\n`);
    const { devices } = await detect();
    expect(devices.filter(({ class: deviceClass, usable }) => deviceClass === 'gpu' && usable)).toEqual([]);
  });

  describe('a tool that hangs', () => {
    const hangs = machineOf.bind(undefined, 'exec /bin/sleep 600');

    test('costs its time once, and says so', async () => {
      const { detect, starts } = hangs();
      const [first] = (await detect({ toolTimeoutMs: 100 })).problems;
      const [second] = (await detect({ toolTimeoutMs: 100 })).problems;
      expect(starts()).toBe(1);
      expect(first?.message).toBe('nvidia-smi did not answer within 0.1 s');
      expect(second?.message).toBe('nvidia-smi did not answer within 0.1 s earlier, and is not asked again');
      expect(second?.remedy).toContain('jest-runner-hardware doctor');
    });

    test.each([
      ['refreshed', { refresh: true, toolTimeoutMs: 100 }],
      ['given more time', { toolTimeoutMs: 200 }],
    ])('is asked again: %s', async (_, change) => {
      const { detect, starts } = hangs();
      await detect({ toolTimeoutMs: 100 });
      await detect(change);
      expect(starts()).toBe(2);
    });

    test('is asked again with another driver, and forgotten once it answers', async () => {
      const { host, detect, starts } = hangs();
      await detect({ toolTimeoutMs: 100 });
      writeFileSync(
        join(host.directory, 'bin/nvidia-smi'),
        `#!/bin/sh\necho started >> "\${0%/*}/../starts"\necho '${row}'\n`,
      );
      await detect({ toolTimeoutMs: 100 });
      expect(starts()).toBe(1);
      await detect({ refresh: true });
      expect((await detect({ toolTimeoutMs: 100 })).devices[1]).toMatchObject({ usable: true });
    });
  });
});

describe('where nobody wants a GPU', () => {
  const row = '0, GPU-aa, NVIDIA GeForce RTX 4090, 24564, 550.54.15, Default, [N/A], 8.9';
  const uevent = 'DRIVER=nvidia\nPCI_CLASS=30000\nPCI_ID=10DE:2684\nPCI_SLOT_NAME=0000:01:00.0\n';
  const nvidia = {
    files: { ...boot, ...nvidiaAccess, '/sys/bus/pci/devices/0000:01:00.0/uevent': uevent },
  };

  test('its tool is not started, and nothing is said of it', async () => {
    const { host, starts } = machineWith(`echo '${row}'`, nvidia, 'nvidia-smi');
    const { devices, problems } = await detectMachine({ host, classes: ['cpu', 'npu'] });
    expect(devices.map(({ id }) => id)).toEqual(['cpu']);
    expect(problems).toEqual([]);
    expect(starts()).toBe(0);
    expect((await detectMachine({ host, classes: ['gpu'] })).devices).toHaveLength(2);
    expect(starts()).toBe(1);
  });

  test('what a machine file adds to it is about nothing; what it declares stays', async () => {
    const { host, starts } = machineWith(`echo '${row}'`, nvidia, 'nvidia-smi');
    const devices = [
      { id: 'gpu0', shares: 2 },
      { id: 'npu0', class: 'npu' },
    ];
    const { parseMachine } = await import('../../src/machine-file/read.js');
    const machineFile = parseMachine({ devices }, 'machine');
    const ids = async (classes?: readonly 'cpu'[]) =>
      (await detectMachine({ host, machineFile, ...(classes && { classes }) })).devices.map(({ id }) => id);
    expect(await ids(['cpu'])).toEqual(['cpu', 'npu0']);
    expect(starts()).toBe(0);
    expect(await ids()).toEqual(['cpu', 'gpu0', 'npu0']);
  });
});
