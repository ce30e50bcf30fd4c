import { bindingEnvOf } from '../../core/machine/device-mask.js';
import type { Evidence } from '../../core/machine/machine.js';
import type { Host } from '../../host/host.js';
import { openvinoBackendsOf } from '../backends/frameworks.js';
import { sharedMemoryOf } from '../budget/shared-memory.js';
import { labelsOf, type Sourced, sourced } from '../findings/device-draft.js';
import {
  type FoundDevice,
  hiddenDevice,
  numberedFindings,
  type Obstacle,
} from '../findings/numbered-findings.js';
import type { Probe } from '../findings/probe.js';
import { parseByteCount } from '../system/byte-count.js';
import { nodeObstacle } from '../system/closed-node.js';
import { type DriverFiles, graphicsBackendsOf } from '../system/icd.js';
import { libraryPath } from '../system/library.js';
import { attributeOf, type PciFunction, pciFunctionsOf, pciIdOf } from '../system/pci.js';
import { powerLimitOf } from '../system/power-limit.js';
import { openclFiles } from '../system/rusticl.js';
import { abilitiesOfIntel, type IntelGpuModel, intelGpuModel } from './generation.js';

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
  const path = renderNodeOf(gpu);
  const node = nodeObstacle(host, path, {
    message: `cannot compute: no ${path}`,
    remedy: 'in a container pass the GPU: --device /dev/dri',
  });
  const levelZero = libraryPath(host, levelZeroDriver);
  const graphics = node === undefined ? graphicsBackendsOf(host, driverFilesOf(host)) : {};
  const computes = levelZero !== undefined || Object.keys(graphics).length > 0;
  const openvino = 'opencl' in graphics ? openvinoBackendsOf('gpu', host, projectDir) : {};
  const { bindingEnv, hiddenBy } = bindingEnvOf({ class: 'gpu', vendor: 'intel' }, { index }, host);
  const memory = isIntegrated(gpu) ? sharedMemoryOf(host) : memoryOf(gpu, known, host);
  return {
    draft: {
      class: 'gpu',
      software: false,
      vendor: sourced('intel', 'probed', source),
      architecture: sourced('gpu-intel', 'probed', `driver ${gpu.driver}`),
      model: sourced(known?.name ?? `Intel GPU ${pciIdOf(gpu)}`, known ? 'inferred' : 'probed', source),
      memoryBytes: memory,
      driver: gpu.driver === undefined ? undefined : sourced(gpu.driver, 'probed', 'PCI driver'),
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

function driverFilesOf(host: Host): DriverFiles {
  return { vulkan: /^intel_(hasvk_)?icd/, opencl: openclFiles(host, /^intel/, 'iris') };
}

const levelZeroDriver = 'libze_intel_gpu.so.1';

/** The GPU inside of a processor is always device 2 of its own bus; functions above 0 are virtual ones (SR-IOV). */
function isIntegrated({ address }: PciFunction): boolean {
  return /:00:02\.\d$/.test(address ?? '');
}

/** The node that programs compute through. */
function renderNodeOf({ nodes }: PciFunction): string {
  return `/dev/dri/${nodes.find((node) => node.startsWith('renderD')) ?? 'renderD<n>'}`;
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

/** Told by xe alone, tile by tile; under i915 the data sheet must do. The size of a PCI window would be a guess. */
function memoryOf(
  gpu: PciFunction,
  known: IntelGpuModel | undefined,
  host: Host,
): Sourced<number> | undefined {
  const name = 'physical_vram_size_bytes';
  const sizes = ['tile0', 'tile1'].map(
    (tile) => parseByteCount(attributeOf(host, gpu, `${tile}/${name}`)) ?? 0,
  );
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes > 0) return sourced(bytes, 'probed', `sysfs ${name}`);
  const byModel = known?.memoryBytes;
  return byModel === undefined ? undefined : sourced(byModel, 'spec', `data sheet of ${known?.name}`);
}
