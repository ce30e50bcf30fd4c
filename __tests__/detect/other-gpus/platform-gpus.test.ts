import { detectMachine } from '../../../src/detect/detect.js';
import { device, replay } from '../replay.js';
import { temporaryHost } from '../temporary-host.js';

const GiB = 1024 ** 3;
const loader = { '/usr/lib/aarch64-linux-gnu/libvulkan.so.1': '' };
const icd = (name: string) => ({ [`/usr/share/vulkan/icd.d/${name}_icd.aarch64.json`]: '{}', ...loader });

function render(driver: string, compatible: readonly string[], minor = 128) {
  const tree = compatible.map((name, index) => `OF_COMPATIBLE_${index}=${name}\n`).join('');
  return {
    [`/sys/class/drm/renderD${minor}/device/uevent`]: `DRIVER=${driver}\n${tree}`,
    [`/dev/dri/renderD${minor}`]: '',
  };
}

function detect(files: Readonly<Record<string, string>>, facts: Readonly<Record<string, unknown>> = {}) {
  return detectMachine({ host: temporaryHost({ facts: { arch: 'arm64', ...facts }, files }) });
}

test('RK3588: Mali under panthor with Vulkan', async () => {
  const machine = await replay('rk3588-panthor');
  expect(machine.problems).toEqual([]);
  expect(device(machine, 'gpu0')).toMatchObject({
    vendor: 'arm',
    model: 'Arm Mali-G610',
    driver: 'panthor',
    memoryBytes: 12 * GiB,
    usable: true,
    backends: ['vulkan'],
    precisions: ['fp32', 'fp16'],
    features: ['unified-memory', 'simt'],
  });
});

test.each([
  ['msm_dpu', ['qcom,sc8280xp-dpu'], 'freedreno', 'qualcomm', 'Qualcomm Adreno'],
  ['adreno', ['qcom,adreno-690.0', 'qcom,adreno'], 'freedreno', 'qualcomm', 'Qualcomm Adreno 690'],
  ['v3d', ['brcm,2712-v3d'], 'broadcom', 'broadcom', 'Broadcom VideoCore VII'],
  ['panfrost', ['mediatek,mt8192-mali', 'arm,mali-valhall-jm'], 'panfrost', 'arm', 'Arm Mali-G57'],
  ['asahi', ['apple,agx-t6001', 'apple,agx-g13x'], 'asahi', 'apple', 'Apple M1 Max'],
  ['powervr', ['ti,am62-gpu', 'img,img-axe-1-16m'], 'powervr_mesa', 'imagination', 'Imagination AXE-1-16M'],
])('%s %j', async (driver, compatible, vulkan, vendor, model) => {
  const files = render(driver, compatible);
  const machine = await detect({ ...files, ...icd(vulkan) });
  expect(device(machine, 'gpu0')).toMatchObject({
    vendor,
    model,
    driver,
    usable: true,
    backends: ['vulkan'],
  });
  // An emulation of Vulkan on the CPU is no driver of the GPU.
  const emulated = await detect({ ...files, ...icd('lvp') });
  expect(device(emulated, 'gpu0')).toMatchObject({ usable: false, backends: [] });
  expect(emulated.problems[0]?.message).toContain('neither Vulkan nor OpenCL has a driver here');
});

test('its node: closed, or missing in a container', async () => {
  const files = { ...render('v3d', ['brcm,2711-v3d']), ...icd('broadcom') };
  const closed = await detect(files, { denied: ['/dev/dri/renderD128'] });
  expect(device(closed, 'gpu0')).toMatchObject({ usable: false });
  expect(closed.problems[0]?.remedy).toContain('groups render and video');
  const without = Object.entries(files).filter(([path]) => path !== '/dev/dri/renderD128');
  expect((await detect(Object.fromEntries(without))).problems[0]?.message).toContain(
    'no /dev/dri/renderD128',
  );
});

test('Raspberry Pi 4: the display engine is no second GPU', async () => {
  const machine = await detect({
    ...render('v3d', ['brcm,2711-v3d']),
    '/sys/class/drm/card1/device/uevent': 'DRIVER=vc4-drm\nOF_COMPATIBLE_0=brcm,bcm2711-vc5\n',
    ...icd('broadcom'),
  });
  expect(machine.devices.map(({ id }) => id)).toEqual(['cpu', 'gpu0']);
});

test.each(['lima', 'etnaviv', 'vc4-drm'])('%s draws and has no Vulkan: shown, not usable', async (driver) => {
  const machine = await detect({ ...render(driver, []), ...icd('broadcom') });
  expect(device(machine, 'gpu0')).toMatchObject({ usable: false });
  expect(machine.problems[0]?.message).toContain('there is no Vulkan driver for this GPU');
});

test('rusticl where its driver is switched on', async () => {
  const files = {
    ...render('etnaviv', []),
    '/etc/OpenCL/vendors/rusticl.icd': '',
    '/usr/lib/libOpenCL.so.1': '',
  };
  expect(device(await detect(files), 'gpu0').usable).toBe(false);
  const env = { RUSTICL_ENABLE: 'etnaviv' };
  expect(device(await detect(files, { env }), 'gpu0')).toMatchObject({ usable: true, backends: ['opencl'] });
});

test('a driver that is not known here is shown', async () => {
  const machine = await detect(render('newgpu', ['acme,gpu']));
  expect(machine.problems.map(({ message }) => message)).toEqual([
    'gpu0 (GPU of the driver newgpu) is driven by newgpu, and nothing here lets a process compute on it',
  ]);
});

test.each(['virtio_gpu', 'tegra', 'vkms', 'exynos-drm'])('%s is no GPU of a board', async (driver) => {
  expect((await detect(render(driver, []))).devices).toHaveLength(1);
});

test('a board with 4 GiB gives its GPU half', async () => {
  const files = { ...render('v3d', ['brcm,2711-v3d']), ...icd('broadcom') };
  expect(device(await detect(files, { totalMemoryBytes: 4 * GiB }), 'gpu0').memoryBytes).toBe(2 * GiB);
});

describe('NPU of a board', () => {
  const accel = {
    '/sys/class/accel/accel0/device/uevent': 'DRIVER=rocket\nOF_COMPATIBLE_0=rockchip,rk3588-rknn-core\n',
    '/dev/accel/accel0': '',
  };

  test('beside its GPU, by the kernel’s own driver and Mesa', async () => {
    const machine = await detect({
      ...render('panthor', ['rockchip,rk3588-mali']),
      ...icd('panfrost'),
      ...accel,
      '/usr/lib/aarch64-linux-gnu/libteflon.so': '',
    });
    expect(machine.devices.map(({ id }) => id)).toEqual(['cpu', 'npu0', 'gpu0']);
    expect(device(machine, 'npu0')).toMatchObject({
      vendor: 'rockchip',
      model: 'Rockchip NPU (RK3588)',
      driver: 'rocket',
      usable: true,
      backends: ['tflite'],
    });
  });

  test('without a library', async () => {
    const machine = await detect(accel);
    expect(machine.problems.map(({ message }) => message)).toEqual([
      'npu0 (Rockchip NPU (RK3588)) cannot compute: no librknnrt.so',
    ]);
  });

  test('an unknown one is shown', async () => {
    const machine = await detect({
      '/sys/class/accel/accel0/device/uevent': 'DRIVER=acme_npu\nOF_COMPATIBLE_0=acme,npu\n',
      '/dev/accel/accel0': '',
    });
    expect(device(machine, 'asic0')).toMatchObject({ usable: false, driver: 'acme_npu' });
  });
});
