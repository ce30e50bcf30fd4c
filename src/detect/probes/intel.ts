import type { Evidence } from '../../core/machine.js';
import { bindingEnvOf } from '../binding.js';
import { closedNode } from '../closed-node.js';
import { labelsOf, type Sourced, sourced } from '../device-draft.js';
import { openvinoBackendsOf } from '../frameworks.js';
import type { Host } from '../host.js';
import { powerLimitOf } from '../hwmon.js';
import { graphicsBackendsOf } from '../icd.js';
import { abilitiesOfIntel, intelGpuModel } from '../intel-generation.js';
import { libraryPath } from '../library.js';
import { type FoundDevice, hiddenDevice, numberedFindings, type Obstacle } from '../numbered-findings.js';
import { attributeOf, type PciFunction, pciFunctionsOf, pciIdOf } from '../pci.js';
import type { Probe } from '../probe.js';

/** Intel GPUs under the i915 or xe driver. */
export const intel: Probe = async (host, { projectDir }) => {
  const gpus = pciFunctionsOf(host).filter(
    ({ vendorId, classCode, driver }) =>
      vendorId === 0x8086 && classCode >>> 16 === 0x03 && (driver === 'i915' || driver === 'xe'),
  );
  // Level Zero counts discrete GPUs first.
  const order = [...gpus.filter((gpu) => !isIntegrated(gpu)), ...gpus.filter(isIntegrated)];
  return numberedFindings(gpus.map((gpu) => foundAs(gpu, order.indexOf(gpu), host, projectDir)));
};

function foundAs(gpu: PciFunction, index: number, host: Host, projectDir: string): FoundDevice {
  const known = intelGpuModel(gpu.deviceId);
  const source = `PCI id ${pciIdOf(gpu)}`;
  const abilities = abilitiesOfIntel(known);
  const because: Evidence = {
    confidence: 'spec',
    source: `${known?.name ?? 'every Intel GPU'} by ${source}`,
  };
  const node = nodeObstacle(gpu, host);
  const levelZero = libraryPath(host, levelZeroDriver);
  const graphics = node === undefined ? graphicsBackendsOf(host, driverFiles) : {};
  const computes = levelZero !== undefined || Object.keys(graphics).length > 0;
  const openvino = 'opencl' in graphics ? openvinoBackendsOf('gpu', host, projectDir) : {};
  const { bindingEnv, hiddenBy } = bindingEnvOf({ class: 'gpu', vendor: 'intel' }, { index }, host);
  const memory = memoryOf(gpu, host);
  return {
    draft: {
      class: 'gpu',
      software: false,
      vendor: sourced('intel', 'probed', source),
      architecture: sourced('gpu-intel', 'probed', `driver ${gpu.driver}`),
      model: sourced(known?.name ?? `Intel GPU ${pciIdOf(gpu)}`, known ? 'inferred' : 'probed', source),
      memoryBytes: memory,
      ratedWatts: powerLimitOf(host, gpu.address),
      backends: { ...graphics, ...openvino },
      precisions: labelsOf(abilities.precisions, because),
      features: {
        ...labelsOf(abilities.features, because),
        ...(isIntegrated(gpu)
          ? { 'unified-memory': { confidence: 'inferred', source: `on bus 0 (${gpu.address})` } }
          : memory && { 'dedicated-memory': memory.evidence }),
      },
      ...(bindingEnv && { bindingEnv }),
    },
    obstacle: obstacleOf(node, computes, hiddenBy),
    address: gpu.address,
  };
}

const driverFiles = { vulkan: /^intel_(hasvk_)?icd/, opencl: /^(intel|rusticl)/ };
const levelZeroDriver = 'libze_intel_gpu.so.1';

/** The GPU inside of a processor is always device 2 of its own bus. */
function isIntegrated({ address }: PciFunction): boolean {
  return address?.endsWith(':00:02.0') === true;
}

/** What is wrong with the node that programs compute through. */
function nodeObstacle({ nodes }: PciFunction, host: Host): Obstacle | undefined {
  const name = nodes.find((node) => node.startsWith('renderD'));
  const path = `/dev/dri/${name ?? 'renderD<n>'}`;
  if (name === undefined || !host.exists(path)) {
    return {
      message: `cannot compute: no ${path}`,
      remedy: 'in a container pass the GPU: --device /dev/dri',
    };
  }
  return host.mayOpen(path) ? undefined : closedNode(path);
}

function obstacleOf(
  node: Obstacle | undefined,
  computes: boolean,
  hiddenBy: string | undefined,
): Obstacle | undefined {
  if (node !== undefined) return node;
  if (!computes) {
    const remedy = 'install intel-opencl-icd and libze-intel-gpu1, or mesa-vulkan-drivers';
    return { message: 'cannot compute: neither OpenCL nor Level Zero nor Vulkan has a driver here', remedy };
  }
  return hiddenBy === undefined ? undefined : hiddenDevice(hiddenBy);
}

/** Told by xe alone, tile by tile; the size of a PCI window would be a guess. */
function memoryOf(gpu: PciFunction, host: Host): Sourced<number> | undefined {
  const name = 'physical_vram_size_bytes';
  const sizes = ['tile0', 'tile1'].map((tile) => Number(attributeOf(host, gpu, `${tile}/${name}`) ?? 0));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return bytes > 0 ? sourced(bytes, 'probed', `sysfs ${name}`) : undefined;
}
