import { parseVulkaninfo } from '../../../src/detect/backends/vulkaninfo.js';
import { detectMachine } from '../../../src/detect/detect.js';
import { nvidiaAccess, temporaryHost } from '../temporary-host.js';

const device = (name: string, vendorId: string, type: string) =>
  `\tvendorID           = ${vendorId}\n\tdeviceType         = PHYSICAL_DEVICE_TYPE_${type}\n\tdeviceName         = ${name}\n`;
const summary = (...devices: readonly string[]) =>
  `==========\nVULKANINFO\n==========\n\nDevices:\n========\n${devices.map((text, index) => `GPU${index}:\n${text}`).join('')}`;
const rtx = device('NVIDIA GeForce RTX 3080', '0x10de', 'DISCRETE_GPU');
const llvmpipe = device('llvmpipe (LLVM 15.0.7, 256 bits)', '0x10005', 'CPU');

const row = '0, GPU-aa, NVIDIA GeForce RTX 3080, 10240, 550.54, Default, [N/A], 8.6';

async function gpuOf(vulkaninfo: string | undefined, icd = true) {
  const { devices, problems } = await detectMachine({
    host: temporaryHost({
      files: {
        ...nvidiaAccess,
        '/proc/driver/nvidia/version': '',
        ...(icd && { '/usr/share/vulkan/icd.d/nvidia_icd.json': '{}' }),
      },
      tools: { 'nvidia-smi': `echo '${row}'`, ...(vulkaninfo !== undefined && { vulkaninfo }) },
    }),
    lazy: ['vulkaninfo'],
  });
  expect(devices.map(({ id }) => id)).toEqual(['cpu', 'gpu0']);
  return { gpu: devices[1], problems };
}

test('a GPU that it names has Vulkan, probed', async () => {
  const { gpu, problems } = await gpuOf(`/bin/cat <<'END'\n${summary(rtx, llvmpipe)}END`);
  expect(problems).toEqual([]);
  expect(gpu?.backends).toContain('vulkan');
  expect(gpu?.evidence['vulkan']).toEqual({
    confidence: 'probed',
    source: 'vulkaninfo names NVIDIA GeForce RTX 3080',
  });
});

test.each([
  ['a CPU that computes as a GPU', summary(llvmpipe)],
  ['one of a GPU maker too', summary(device('Some CPU device', '0x10de', 'CPU'))],
  ['nothing', summary()],
])('%s is none', async (_, text) => {
  expect((await gpuOf(`/bin/cat <<'END'\n${text}END`)).gpu?.backends).not.toContain('vulkan');
});

test.each([
  ['without a driver it is not started', 'exit 3', false],
  ['missing', undefined, true],
  ['too old for a summary', 'echo "unknown argument"; exit 1', true],
  ['garbage', 'echo "<html>"', true],
])('%s: no problem', async (_, script, icd) => {
  expect((await gpuOf(script, icd)).problems).toEqual([]);
});

test('entries without the needed fields are left out', () => {
  expect(parseVulkaninfo('Devices:\n========\nGPU0:\n\tdeviceName = A\nGPU1:\n')).toEqual([]);
  expect(parseVulkaninfo('no such list')).toBeUndefined();
  expect(parseVulkaninfo(summary(rtx))).toEqual([
    { name: 'NVIDIA GeForce RTX 3080', vendorId: 0x10de, type: 'DISCRETE_GPU' },
  ]);
});
