import { detectMachine } from '../../../src/detect/detect.js';
import { checks } from '../../../src/detect/doctor/checks.js';
import { device, replay } from '../replay.js';
import { temporaryHost } from '../temporary-host.js';

function pci(id: string, driver: string | undefined, pciClass: string, slot = '0000:01:00.0') {
  const bound = driver === undefined ? '' : `DRIVER=${driver}\n`;
  return {
    [`/sys/bus/pci/devices/${slot}/uevent`]: `${bound}PCI_CLASS=${pciClass}\nPCI_ID=${id}\nPCI_SLOT_NAME=${slot}\n`,
  };
}

function accel(id: string, driver: string, slot = '0000:01:00.0') {
  return {
    ...pci(id, driver, '120000', slot),
    '/sys/class/accel/accel0/device/uevent': `DRIVER=${driver}\nPCI_CLASS=120000\nPCI_ID=${id}\nPCI_SLOT_NAME=${slot}\n`,
    '/dev/accel/accel0': '',
  };
}

/** Every kind whose node a user may be kept from: what makes it complete, its node, and who may open it. */
const complete: readonly (readonly [string, string, string, string, Readonly<Record<string, string>>])[] = [
  [
    'AMD NPU',
    'npu0',
    '/dev/accel/accel0',
    'group render',
    { ...accel('1022:17F0', 'amdxdna'), '/usr/lib64/libxrt_core.so.2': '' },
  ],
  [
    'Gaudi 3',
    'asic0',
    '/dev/accel/accel0',
    'group render',
    { ...accel('1DA3:1060', 'habanalabs'), '/usr/lib/habanalabs/libSynapse.so': '' },
  ],
  [
    'Cloud AI 100',
    'asic0',
    '/dev/accel/accel0',
    'group render',
    { ...accel('17CB:A100', 'qaic'), '/usr/lib64/libQAic.so': '' },
  ],
  [
    'Coral on PCI',
    'tpu0',
    '/dev/apex_0',
    'group apex',
    { ...pci('1AC1:089A', 'apex', '88000'), '/dev/apex_0': '', '/usr/lib64/libedgetpu.so.1': '' },
  ],
  [
    'Coral on USB',
    'tpu0',
    '/dev/bus/usb/002/004',
    'group plugdev',
    {
      '/sys/bus/usb/devices/2-1/uevent': 'PRODUCT=18d1/9302/100\n',
      '/sys/bus/usb/devices/2-1/busnum': '2\n',
      '/sys/bus/usb/devices/2-1/devnum': '4\n',
      '/dev/bus/usb/002/004': '',
      '/usr/lib64/libedgetpu.so.1': '',
    },
  ],
  [
    'Hailo-10H',
    'npu0',
    '/dev/hailo0',
    'ls -l /dev/hailo0',
    { ...pci('1E60:45C4', 'hailo1x', 'b4000'), '/dev/hailo0': '', '/usr/lib/libhailort.so.5.1.1': '' },
  ],
  [
    'Trainium 2',
    'asic0',
    '/dev/neuron0',
    'ls -l /dev/neuron0',
    { ...pci('1D0F:7364', 'neuron', '88000'), '/dev/neuron0': '', '/opt/aws/neuron/lib/libnrt.so.1': '' },
  ],
  [
    'Tenstorrent',
    'asic0',
    '/dev/tenstorrent/0',
    'ls -l',
    { ...pci('1E52:B140', 'tenstorrent', '120000'), '/dev/tenstorrent/0': '' },
  ],
  [
    'Ascend',
    'npu0',
    '/dev/davinci0',
    'group HwHiAiUser',
    {
      ...pci('19E5:D802', 'devdrv_device_driver', '120000'),
      '/dev/davinci0': '',
      '/usr/lib64/libascendcl.so': '',
    },
  ],
  [
    'DSP',
    'dsp0',
    '/dev/fastrpc-cdsp',
    'group fastrpc',
    { '/dev/fastrpc-cdsp': '', '/usr/lib64/libcdsprpc.so': '' },
  ],
  [
    'DSP without the memory that it shares',
    'dsp0',
    '/dev/dma_heap/system',
    'group fastrpc',
    { '/dev/fastrpc-cdsp': '', '/dev/dma_heap/system': '', '/usr/lib64/libcdsprpc.so': '' },
  ],
  [
    'TPU v4',
    'tpu0',
    '/dev/accel0',
    'group render',
    { ...pci('1AE0:005E', undefined, 'ff0000'), '/dev/accel0': '' },
  ],
  [
    'TPU v5e',
    'tpu0',
    '/dev/vfio/0',
    'ls -l /dev/vfio/0',
    { ...pci('1AE0:0063', 'vfio-pci', '120000'), '/dev/vfio/0': '' },
  ],
  [
    'Alveo',
    'fpga0',
    '/dev/dri/renderD128',
    'groups render and video',
    {
      ...pci('10EE:5005', 'xocl', '120000'),
      '/sys/class/drm/renderD128/device/uevent':
        'DRIVER=xocl\nPCI_CLASS=120000\nPCI_ID=10EE:5005\nPCI_SLOT_NAME=0000:01:00.0\n',
      '/dev/dri/renderD128': '',
    },
  ],
  [
    'Intel FPGA',
    'fpga0',
    '/dev/dfl-port.0',
    'ls -l /dev/dfl-port.0',
    { ...pci('8086:0B30', 'dfl-pci', '120000'), '/dev/dfl-port.0': '' },
  ],
  [
    'Rockchip NPU of the vendor kernel',
    'npu0',
    '/dev/dri/renderD129',
    'groups render and video',
    {
      '/sys/class/drm/renderD129/device/uevent': 'DRIVER=RKNPU\nOF_COMPATIBLE_0=rockchip,rk3568-rknpu\n',
      '/dev/dri/renderD129': '',
      '/usr/lib/librknnrt.so': '',
    },
  ],
  [
    'Mali of the maker',
    'gpu0',
    '/dev/mali0',
    'groups video and render',
    { '/dev/mali0': '', '/etc/OpenCL/vendors/mali.icd': '', '/usr/lib/libOpenCL.so.1': '' },
  ],
];

describe.each(complete)('%s', (_, id, node, remedy, files) => {
  test('computes where the user may open its node', async () => {
    const machine = await detectMachine({ host: temporaryHost({ files }) });
    expect(machine.problems).toEqual([]);
    expect(device(machine, id)).toMatchObject({ usable: true });
  });

  test('is not usable where he may not, and the remedy names who may', async () => {
    const host = temporaryHost({ files, facts: { denied: [node] } });
    const machine = await detectMachine({ host });
    const message = `cannot compute: this user may not open ${node}`;
    expect(device(machine, id)).toMatchObject({ usable: false, unusableBecause: message });
    expect(machine.problems).toEqual([
      { message: expect.stringContaining(message), remedy: expect.stringContaining(remedy) },
    ]);
    // Said once, though doctor looks at the nodes as well.
    expect(checks['device access']({ machine, host, projectDir: '/' })).toEqual([]);
  });
});

test('Meteor Lake NPU that is root’s alone', async () => {
  const machine = await replay('npu-closed-intel');
  expect(device(machine, 'npu0')).toMatchObject({ usable: false, driver: 'intel_vpu' });
  expect(machine.problems[0]?.message).toMatch(/may not open \/dev\/accel\/accel0$/);
});

test('Hailo and Inferentia: complete', async () => {
  const pi = await replay('hailo-8l-pi5');
  expect(pi.problems).toEqual([]);
  expect(device(pi, 'npu0')).toMatchObject({ vendor: 'hailo', usable: true, driver: 'hailo' });
  expect(device(await replay('aws-inferentia2'), 'asic0')).toMatchObject({
    vendor: 'amazon',
    model: 'AWS Inferentia2',
    memoryBytes: 32 * 1024 ** 3,
    usable: true,
    bindingEnv: { NEURON_RT_VISIBLE_CORES: '0,1' },
  });
});

describe('several of one kind', () => {
  const slots = Array.from({ length: 12 }, (_, n) => `0000:${(16 + n).toString(16)}:00.0`);
  const library = { '/opt/aws/neuron/lib/libnrt.so.1': '' };

  test('nodes are counted as numbers: 2 comes before 10', async () => {
    const files = Object.assign(
      {},
      ...slots.map((slot, n) => ({ ...pci('1D0F:7164', 'neuron', '88000', slot), [`/dev/neuron${n}`]: '' })),
    );
    const host = temporaryHost({ files: { ...files, ...library }, facts: { denied: ['/dev/neuron2'] } });
    const machine = await detectMachine({ host });
    expect(machine.devices.filter(({ usable }) => !usable).map(({ id }) => id)).toEqual(['asic2']);
    expect(device(machine, 'asic10').bindingEnv).toEqual({ NEURON_RT_VISIBLE_CORES: '20,21' });
  });

  test('one without a driver does not get its neighbour’s node', async () => {
    const files = {
      ...pci('1E60:2864', undefined, 'b4000', '0000:01:00.0'),
      ...pci('1E60:2864', 'hailo', 'b4000', '0000:02:00.0'),
      '/dev/hailo0': '',
      '/usr/lib/libhailort.so': '',
    };
    const machine = await detectMachine({ host: temporaryHost({ files }) });
    expect(machine.devices.slice(1).map(({ id, usable }) => [id, usable])).toEqual([
      ['npu0', false],
      ['npu1', true],
    ]);
    expect(machine.problems[0]?.message).toContain('has no usable driver (none is bound)');
  });

  test('sysfs tells whose a node is', async () => {
    const files = {
      ...pci('1D0F:7264', 'neuron', '88000', '0000:01:00.0'),
      ...pci('1D0F:7264', 'neuron', '88000', '0000:02:00.0'),
      '/sys/class/neuron_device/neuron1/device/uevent': 'PCI_SLOT_NAME=0000:02:00.0\n',
      '/dev/neuron1': '',
      ...library,
    };
    const machine = await detectMachine({ host: temporaryHost({ files }) });
    expect(device(machine, 'asic0').usable).toBe(false);
    expect(device(machine, 'asic1').bindingEnv).toEqual({ NEURON_RT_VISIBLE_CORES: '2,3' });
  });

  test.each([
    [
      'NEURON_RT_VISIBLE_CORES',
      '0-1',
      { ...pci('1D0F:7264', 'neuron', '88000', '0000:02:00.0'), '/dev/neuron1': '', ...library },
    ],
    ['HABANA_VISIBLE_DEVICES', '3', pci('1DA3:1020', 'habanalabs', '120000')],
    ['AWS_NEURON_VISIBLE_DEVICES', '3', pci('1D0F:7264', 'neuron', '88000')],
  ])('%s=%s is named as what hides one', async (variable, value, files) => {
    const host = temporaryHost({ files, facts: { env: { [variable]: value } } });
    const machine = await detectMachine({ host });
    expect(machine.problems.map(({ message }) => message)).toEqual([
      expect.stringContaining(`hidden by ${variable}=${value}`),
    ]);
  });
});

describe('on the bus and unknown', () => {
  test.each([
    [
      'an accelerator of an unknown maker',
      '1DEA:0001',
      'some_driver',
      '120000',
      'asic0 (unknown accelerator 1dea:0001) is driven by some_driver',
    ],
    [
      'one without a driver',
      '1DEA:0001',
      undefined,
      '120000',
      'asic0 (unknown accelerator 1dea:0001) has no driver',
    ],
    [
      'a co-processor of a maker of nothing else',
      '1E60:9999',
      undefined,
      'b4000',
      'asic0 (Hailo accelerator 1e60:9999) has no driver',
    ],
    [
      'a newer chip of AWS',
      '1D0F:7764',
      'neuron',
      '88000',
      'asic0 (AWS accelerator 1d0f:7764) is driven by neuron',
    ],
    [
      'a newer accelerator of Intel',
      '8086:7FFF',
      undefined,
      '120000',
      'asic0 (Intel accelerator 8086:7fff) has no driver',
    ],
    [
      'a GPU of an unknown maker',
      '1ED5:0222',
      'mtgpu',
      '30000',
      'gpu0 (unknown GPU 1ed5:0222) is driven by mtgpu',
    ],
  ])('%s is shown', async (_, id, driver, pciClass, message) => {
    const machine = await detectMachine({ host: temporaryHost({ files: pci(id, driver, pciClass) }) });
    expect(machine.devices[1]).toMatchObject({ usable: false });
    expect(machine.problems.map((problem) => problem.message)).toEqual([expect.stringContaining(message)]);
  });

  test.each([
    ['QuickAssist', '8086:4940', 'b4000'],
    ['Intel DSA', '8086:0B25', '88000'],
    ['vRAN Boost', '8086:57C0', '120000'],
    ['HiSilicon ZIP', '19E5:A250', '120000'],
    ['a watchdog', '8086:7A2E', '88000'],
    ['a virtual display', '1234:1111', '30000'],
  ])('%s is none', async (_, id, pciClass) => {
    const machine = await detectMachine({ host: temporaryHost({ files: pci(id, 'x', pciClass) }) });
    expect(machine.devices).toHaveLength(1);
    expect(machine.problems).toEqual([]);
  });
});
