import { bindingEnvOf } from '../../core/machine/device-mask.js';
import type { Evidence } from '../../core/machine/machine.js';
import type { Backend } from '../../core/vocabulary/taxonomy.js';
import type { Host } from '../../host/host.js';
import { labelsOf, type Sourced, sourced } from '../findings/device-draft.js';
import {
  type FoundDevice,
  hiddenDevice,
  numberedFindings,
  type Obstacle,
} from '../findings/numbered-findings.js';
import type { Probe } from '../findings/probe.js';
import { closedNode } from '../system/closed-node.js';
import { type DriverFiles, graphicsBackendsOf } from '../system/icd.js';
import { libraryPath } from '../system/library.js';
import { attributeOf } from '../system/pci.js';
import { powerLimitOf } from '../system/power-limit.js';
import { openclFiles } from '../system/rusticl.js';
import { namesByAmdTools } from './ask-smi.js';
import { abilitiesOfGfx, hasRocmBuild } from './generation.js';
import { amdGpusOf } from './gpus.js';
import { type AmdGpu, memoryOfAmd, sharedBecause } from './memory.js';
import { nameInFiles, nameOfPciId } from './names.js';

/**
 * AMD GPUs under the amdgpu driver, out of its compute topology (KFD) and its sysfs attributes. A tool is only started for
 * the name of a GPU that can compute and that no file names.
 */
export const amd: Probe = async (host, options) => {
  const gpus = amdGpusOf(host).map((gpu) => ({ gpu, name: nameInFiles(gpu, host) }));
  const asked = gpus.some(({ gpu, name }) => gpu.kfd !== undefined && name === undefined);
  const tools = asked ? await namesByAmdTools(host, options) : undefined;
  const nameByTool = ({ kfd, pci }: AmdGpu) => {
    const name = tools?.names.get(pci?.address ?? kfd?.gpu.address ?? '');
    return tools && name !== undefined ? sourced(name, 'probed', tools.source) : undefined;
  };
  return numberedFindings(
    gpus.map(({ gpu, name }) => foundAs(gpu, name ?? nameByTool(gpu) ?? nameOfPciId(gpu), host)),
  );
};

function foundAs(gpu: AmdGpu, model: Sourced<string>, host: Host): FoundDevice {
  const { kfd, pci } = gpu;
  const node = renderNodeOf(gpu);
  const shared = sharedBecause(gpu, host);
  const closed = [node, kfd && '/dev/kfd'].find((path) => path && host.exists(path) && !host.mayOpen(path));
  const nodeExists = node !== undefined && host.exists(node);
  const backends =
    nodeExists && host.mayOpen(node)
      ? { ...rocmOf(gpu, node, host, shared !== undefined), ...graphicsBackendsOf(host, driverFilesOf(host)) }
      : {};
  const { bindingEnv, hiddenBy } =
    kfd === undefined
      ? {}
      : bindingEnvOf({ class: 'gpu', vendor: 'amd' }, { index: kfd.index, uuid: kfd.gpu.uuid }, host);
  const because: Evidence = { confidence: 'inferred', source: `KFD gfx_target_version ${kfd?.gpu.gfx}` };
  const abilities = kfd ? abilitiesOfGfx(kfd.gpu.gfx) : { precisions: [], features: [] };
  const { total: memory, free } = memoryOfAmd(gpu, host, shared !== undefined);
  const address = kfd?.isPartition ? kfd.gpu.address : (pci?.address ?? kfd?.gpu.address);
  return {
    draft: {
      class: 'gpu',
      software: false,
      vendor: sourced('amd', 'probed', kfd ? 'KFD' : 'PCI'),
      architecture: sourced('gpu-rocm', 'probed', kfd ? 'KFD' : 'driver amdgpu'),
      model,
      memoryBytes: memory,
      freeMemoryBytes: free,
      driver: pci?.driver === undefined ? undefined : sourced(pci.driver, 'probed', 'PCI driver'),
      capability: kfd && sourced(kfd.gpu.gfx, 'probed', 'KFD gfx_target_version'),
      // Partitions of one chip have one unique id.
      ...(kfd?.gpu.uuid && !kfd.isPartition && { uuid: kfd.gpu.uuid }),
      ratedWatts: powerLimitOf(host, address),
      backends,
      precisions: labelsOf(abilities.precisions, because),
      features: {
        ...labelsOf(abilities.features, because),
        ...(shared && { 'unified-memory': { confidence: 'inferred', source: shared } }),
        ...(memory && !shared && { 'dedicated-memory': memory.evidence }),
        ...partitioning(gpu, host),
      },
      ...(bindingEnv && { bindingEnv }),
    },
    obstacle: obstacleOf(gpu, { missing: nodeExists ? undefined : node, closed }, backends, hiddenBy, host),
    address,
  };
}

function driverFilesOf(host: Host): DriverFiles {
  return { vulkan: /^(radeon|amd)_icd/, opencl: openclFiles(host, /^(amdocl|mesa)/, 'radeonsi') };
}

function renderNodeOf({ kfd, pci }: AmdGpu): string | undefined {
  const minor = kfd?.gpu.renderMinor;
  const name =
    minor === undefined ? pci?.nodes.find((node) => node.startsWith('renderD')) : `renderD${minor}`;
  return name && `/dev/dri/${name}`;
}

const runtime = 'libhsa-runtime64.so.1';

function rocmOf(
  { kfd }: AmdGpu,
  node: string,
  host: Host,
  shared: boolean,
): Partial<Record<Backend, Evidence>> {
  if (kfd === undefined || !host.mayOpen('/dev/kfd')) return {};
  if (!hasRocmBuild(kfd.gpu.gfx, kfd.index, host.env)) return {};
  const library = libraryPath(host, runtime);
  // Frameworks bring their own runtime for cards; chips inside of a CPU work only where somebody has set ROCm up.
  if (library === undefined && shared) return {};
  const source = ['/dev/kfd', node, library].filter((path) => path !== undefined).join(', ');
  return { rocm: { confidence: 'inferred', source } };
}

/** @param node The render node that should be in `/dev` and is not, or a node that is there and may not be opened. */
function obstacleOf(
  { kfd, pci }: AmdGpu,
  node: { readonly missing: string | undefined; readonly closed: string | undefined },
  backends: Partial<Record<Backend, Evidence>>,
  hiddenBy: string | undefined,
  host: Host,
): Obstacle | undefined {
  if (hiddenBy !== undefined) return hiddenDevice(hiddenBy);
  if (Object.keys(backends).length > 0) return undefined;
  if (node.closed !== undefined) return closedNode(node.closed);
  if (node.missing !== undefined) {
    // Set by AMD's container toolkit, which then leaves out the nodes of the others.
    const given = host.env.AMD_VISIBLE_DEVICES;
    if (given && given !== 'all') return hiddenDevice(`AMD_VISIBLE_DEVICES=${given}`);
    const remedy = 'in a container pass the GPU: --device /dev/kfd --device /dev/dri';
    return { message: `cannot compute: no ${node.missing}`, remedy };
  }
  if (kfd === undefined && pci !== undefined) {
    const remedy = 'install ROCm if it supports this GPU, or a Vulkan driver (mesa-vulkan-drivers)';
    return {
      message: 'cannot compute: the driver offers no compute node, and no Vulkan driver is here',
      remedy,
    };
  }
  if (kfd !== undefined && !hasRocmBuild(kfd.gpu.gfx, kfd.index, host.env)) {
    return {
      message: `cannot compute: no ROCm build has ${kfd.gpu.gfx}, and neither Vulkan nor OpenCL is complete here`,
      remedy: 'install a Vulkan driver (mesa-vulkan-drivers)',
    };
  }
  const remedy = `pass /dev/kfd to the container, or install ROCm (${runtime}) or a Vulkan driver`;
  return { message: 'cannot compute: neither ROCm nor Vulkan nor OpenCL is complete here', remedy };
}

function partitioning({ pci }: AmdGpu, host: Host): { 'multi-instance'?: Evidence } {
  const name = 'available_compute_partition';
  const modes = pci && attributeOf(host, pci, name);
  if (modes === undefined || !modes.includes(',')) return {};
  return { 'multi-instance': { confidence: 'probed', source: `sysfs ${name} ${modes}` } };
}
