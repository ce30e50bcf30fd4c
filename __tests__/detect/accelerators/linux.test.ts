import { detectMachine } from '../../../src/detect/detect.js';
import { device, replay } from '../replay.js';
import { temporaryHost } from '../temporary-host.js';

const GiB = 1024 ** 3;

test('Meteor Lake: the NPU by its driver, node and library; a thermal sensor of class 1180 is no DSP', async () => {
  const machine = await replay('meteor-lake-laptop', '/home/me/app');
  expect(device(machine, 'npu0')).toMatchObject({
    class: 'npu',
    vendor: 'intel',
    architecture: 'npu-intel',
    model: 'Intel NPU (Meteor Lake)',
    usable: true,
    backends: ['openvino'],
    precisions: ['fp16', 'int8'],
    evidence: { int8: { confidence: 'spec', source: 'Intel NPU (Meteor Lake) by PCI id 8086:7d1d' } },
  });
  expect(machine.devices.map(({ id }) => id)).toEqual(['cpu', 'gpu0', 'npu0']);
  // Elsewhere the package is not installed.
  expect(device(await replay('meteor-lake-laptop', '/srv'), 'npu0').backends).toEqual([]);
});

test('Ryzen AI: the NPU is there, its library is not', async () => {
  const machine = await replay('ryzen-ai-laptop');
  expect(device(machine, 'gpu0')).toMatchObject({ usable: true, backends: ['vulkan'] });
  expect(device(machine, 'npu0')).toMatchObject({ vendor: 'amd', architecture: 'npu-amd', usable: false });
  expect(machine.problems).toEqual([
    {
      message: 'npu0 (AMD Ryzen AI NPU (Strix)) cannot compute: no libxrt_driver_xdna.so.2',
      remedy: expect.any(String),
    },
  ]);
});

test('Coral: one on the PCI bus, one on USB before its firmware', async () => {
  const machine = await replay('coral-pcie');
  expect(machine.devices.slice(2)).toMatchObject([
    {
      id: 'tpu0',
      class: 'tpu',
      vendor: 'google',
      model: 'Coral Edge TPU (PCIe)',
      usable: true,
      backends: ['tflite'],
      precisions: ['int8'],
      evidence: { tflite: { source: '/dev/apex_0, /usr/lib/x86_64-linux-gnu/libedgetpu.so.1' } },
    },
    {
      id: 'tpu1',
      model: 'Coral Edge TPU (USB)',
      usable: true,
      evidence: { model: { source: 'USB id 1a6e:089a' } },
    },
  ]);
});

test('Coral without its driver and library', async () => {
  const host = temporaryHost({
    files: {
      '/sys/bus/pci/devices/0000:01:00.0/uevent':
        'PCI_CLASS=88000\nPCI_ID=1AC1:089A\nPCI_SLOT_NAME=0000:01:00.0\n',
      '/sys/bus/usb/devices/1-2/idVendor': '18d1\n',
      '/sys/bus/usb/devices/1-2/idProduct': '9302\n',
    },
  });
  const machine = await detectMachine({ host });
  expect(machine.devices.slice(1).map(({ id, usable }) => [id, usable])).toEqual([
    ['tpu0', false],
    ['tpu1', false],
  ]);
  expect(machine.problems.map(({ message }) => message)).toEqual([
    'tpu0 (Coral Edge TPU (PCIe)) has no usable driver (none is bound)',
    'tpu1 (Coral Edge TPU (USB)) cannot compute: no libedgetpu.so.1',
  ]);
});

test('TPU v4: four chips on the bus', async () => {
  const machine = await replay('tpu-v4-vm');
  expect(machine.problems).toEqual([]);
  expect(machine.devices.map(({ id }) => id)).toEqual(['cpu', 'tpu0', 'tpu1', 'tpu2', 'tpu3']);
  expect(device(machine, 'tpu3')).toMatchObject({
    vendor: 'google',
    architecture: 'tpu',
    model: 'Google TPU v4',
    memoryBytes: 32 * GiB,
    usable: true,
    evidence: { memoryBytes: { confidence: 'spec' } },
    bindingEnv: { TPU_VISIBLE_CHIPS: '3' },
  });
});

test('a mask hides TPUs', async () => {
  const env = { TPU_ACCELERATOR_TYPE: 'v5litepod-4', TPU_VISIBLE_CHIPS: '1' };
  const host = temporaryHost({ facts: { env }, files: { '/dev/vfio/0': '', '/dev/vfio/1': '' } });
  const machine = await detectMachine({ host });
  expect(machine.devices.slice(1).map(({ usable }) => usable)).toEqual([false, true]);
  expect(machine.problems.map(({ message }) => message)).toEqual([
    'tpu0 (Google TPU v5e) is hidden by TPU_VISIBLE_CHIPS=1',
  ]);
});

test.each([
  ['environment', { TPU_ACCELERATOR_TYPE: 'v5litepod-4' }, {}, 'Google TPU v5e'],
  ['description', {}, { '/home/tpu-runtime/tpu-env': "ACCELERATOR_TYPE: 'v6e-8'\n" }, 'Google TPU v6e'],
])('TPUs by the %s, where the bus is not shown', async (_, env, files, model) => {
  const nodes = { '/dev/vfio/0': '', '/dev/vfio/1': '', '/dev/vfio/vfio': '' };
  const machine = await detectMachine({
    host: temporaryHost({ facts: { env }, files: { ...nodes, ...files } }),
  });
  expect(machine.devices.slice(1)).toMatchObject([
    { id: 'tpu0', model, usable: true },
    { id: 'tpu1', model, usable: true },
  ]);
});

test('nodes of that name alone are no TPU', async () => {
  const host = temporaryHost({ files: { '/dev/accel0': '', '/dev/vfio/0': '' } });
  expect((await detectMachine({ host })).devices).toHaveLength(1);
});

test('Alveo: one card of two functions', async () => {
  const machine = await replay('alveo-u250');
  expect(machine.problems).toEqual([]);
  expect(machine.devices.slice(1)).toMatchObject([
    { id: 'fpga0', vendor: 'xilinx', architecture: 'fpga-xilinx', model: 'Xilinx Alveo U250', usable: true },
  ]);
});

test.each([
  ['Xilinx Zynq FPGA Manager', 'operating', 'fpga-xilinx', true],
  ['SoCFPGA FPGA Manager', 'unknown', 'fpga-intel', false],
])('FPGA of a system on chip: %s, %s', async (name, state, architecture, usable) => {
  const folder = '/sys/class/fpga_manager/fpga0';
  const host = temporaryHost({
    files: { [`${folder}/name`]: `${name}\n`, [`${folder}/state`]: `${state}\n` },
  });
  const machine = await detectMachine({ host });
  expect(device(machine, 'fpga0')).toMatchObject({ model: name, architecture, usable });
  expect(machine.problems).toHaveLength(usable ? 0 : 1);
});

test('Gaudi and Cloud AI 100', async () => {
  const host = temporaryHost({
    files: {
      '/sys/bus/pci/devices/0000:33:00.0/uevent': 'DRIVER=habanalabs\nPCI_CLASS=120000\nPCI_ID=1DA3:1020\n',
      '/sys/class/accel/accel0/device/uevent':
        'DRIVER=habanalabs\nPCI_CLASS=120000\nPCI_ID=1DA3:1020\nPCI_SLOT_NAME=0000:33:00.0\n',
      '/sys/bus/pci/devices/0000:44:00.0/uevent': 'DRIVER=qaic\nPCI_CLASS=120000\nPCI_ID=17CB:A100\n',
      '/sys/class/accel/accel0/device/module_id': '5\n',
      '/dev/accel/accel0': '',
      '/usr/lib/habanalabs/libSynapse.so': '',
    },
  });
  const machine = await detectMachine({ host });
  expect(machine.devices.slice(1)).toMatchObject([
    {
      id: 'asic0',
      model: 'Habana Gaudi 2',
      vendor: 'intel',
      memoryBytes: 96 * GiB,
      usable: true,
      bindingEnv: { HABANA_VISIBLE_MODULES: '5' },
    },
    { id: 'asic1', model: 'Qualcomm Cloud AI 100', vendor: 'qualcomm', usable: false },
  ]);
  expect(machine.problems).toEqual([
    {
      message: 'asic1 (Qualcomm Cloud AI 100) cannot compute: its device node is missing in /dev',
      remedy: expect.any(String),
    },
  ]);
});

test('Hexagon: domains by their nodes', async () => {
  const host = temporaryHost({
    facts: { arch: 'arm64' },
    files: {
      '/dev/fastrpc-cdsp': '',
      '/dev/fastrpc-cdsp-secure': '',
      '/dev/fastrpc-adsp': '',
      '/usr/lib/libcdsprpc.so': '',
      '/usr/lib/libQnnHtp.so': '',
    },
  });
  const machine = await detectMachine({ host });
  expect(machine.devices.slice(1)).toMatchObject([
    { id: 'dsp0', model: 'Hexagon adsp', usable: false },
    { id: 'dsp1', model: 'Hexagon cdsp', architecture: 'dsp-hexagon', usable: true, backends: ['qnn'] },
  ]);
});
