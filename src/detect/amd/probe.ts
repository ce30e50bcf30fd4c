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
import { attributeOf, type PciFunction, pciFunctionsOf, pciIdOf } from '../system/pci.js';
import { powerLimitOf } from '../system/power-limit.js';
import { openclFiles } from '../system/rusticl.js';
import { namesByAmdTools } from './ask-smi.js';
import { abilitiesOfGfx, amdGpuRow, hasRocmBuild } from './generation.js';
import { amdMarketingName, type KfdGpu, parseKfdProperties } from './kfd.js';
import { type AmdGpu, memoryOfAmd, sharedBecause } from './memory.js';

/**
 * AMD GPUs under the amdgpu driver, out of its compute topology (KFD) and its sysfs attributes. A tool is only started for
 * the name of a GPU that can compute and that no file names.
 */
export const amd: Probe = async (host, options) => {
  const gpus = gpusOf(host).map((gpu) => ({ gpu, name: nameOf(gpu, host) }));
  const asked = gpus.some(({ gpu, name }) => gpu.kfd !== undefined && name === undefined);
  const tools = asked ? await namesByAmdTools(host, options) : undefined;
  const nameByTool = ({ kfd, pci }: AmdGpu) => {
    const name = tools?.names.get(pci?.address ?? kfd?.gpu.address ?? '');
    return tools && name !== undefined ? sourced(name, 'probed', tools.source) : undefined;
  };
  return numberedFindings(
    gpus.map(({ gpu, name }) => foundAs(gpu, name ?? nameByTool(gpu) ?? numberOf(gpu), host)),
  );
};

const topology = '/sys/class/kfd/kfd/topology/nodes';

function gpusOf(host: Host): readonly AmdGpu[] {
  const functions = pciFunctionsOf(host).filter(({ vendorId }) => vendorId === 0x1002);
  const nodes = host
    .readDirectory(topology)
    .toSorted((a, b) => Number(a) - Number(b))
    .flatMap((name) => {
      const directory = `${topology}/${name}`;
      const gpu = parseKfdProperties(host.readFile(`${directory}/properties`) ?? '');
      return gpu === undefined ? [] : [{ gpu, directory }];
    })
    .map((node, index, all) => ({ ...node, index, isPartition: isPartition(node.gpu, index, all) }));
  const withNode = nodes.map((kfd) => ({ kfd, pci: functionOf(kfd, functions) }));
  const rest = functions.filter((pci) => pci.driver === 'amdgpu' && !withNode.some((gpu) => gpu.pci === pci));
  return [...withNode, ...rest.map((pci) => ({ pci }))];
}

/**
 * Several nodes of one chip. They have one unique id; their addresses count the partition in the place of the PCI function,
 * or are all the same.
 */
function isPartition(
  { uuid, address, deviceId }: KfdGpu,
  index: number,
  nodes: readonly { readonly gpu: KfdGpu }[],
): boolean {
  return nodes.some(
    ({ gpu }, other) =>
      other !== index &&
      gpu.deviceId === deviceId &&
      slotOf(gpu.address) === slotOf(address) &&
      gpu.uuid === uuid,
  );
}

/** An address without its function. */
function slotOf(address: string): string {
  return address.replace(/\.\d$/, '');
}

function functionOf(
  { gpu, isPartition }: NonNullable<AmdGpu['kfd']>,
  functions: readonly PciFunction[],
): PciFunction | undefined {
  return (
    functions.find(({ address }) => address === gpu.address) ??
    (isPartition
      ? functions.find(
          ({ address, deviceId }) =>
            deviceId === gpu.deviceId && slotOf(address ?? '') === slotOf(gpu.address),
        )
      : undefined) ??
    functions.find(({ address, deviceId }) => address === undefined && deviceId === gpu.deviceId)
  );
}

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

/** `product_name` is there on server cards, libdrm's table where graphics drivers are installed. */
function nameOf({ kfd, pci }: AmdGpu, host: Host): Sourced<string> | undefined {
  const product = pci && attributeOf(host, pci, 'product_name');
  if (product !== undefined) return sourced(product, 'probed', 'sysfs product_name');
  const deviceId = pci?.deviceId ?? kfd?.gpu.deviceId ?? 0;
  const table = '/usr/share/libdrm/amdgpu.ids';
  const revision = Number.parseInt((pci && attributeOf(host, pci, 'revision')) ?? '', 16);
  const named = Number.isNaN(revision)
    ? undefined
    : amdMarketingName(host.readFile(table) ?? '', deviceId, revision);
  if (named !== undefined) return sourced(named, 'inferred', table);
  const known = amdGpuRow(deviceId)?.name;
  return known === undefined ? undefined : sourced(known, 'inferred', `PCI id ${idText(deviceId)}`);
}

/** For want of a name: `AMD GPU 1002:74a9 (gfx950)`. */
function numberOf({ kfd, pci }: AmdGpu): Sourced<string> {
  const id = idText(pci?.deviceId ?? kfd?.gpu.deviceId ?? 0);
  const gfx = kfd === undefined ? '' : ` (${kfd.gpu.gfx})`;
  return sourced(`AMD GPU ${id}${gfx}`, 'probed', `PCI id ${id}`);
}

function idText(deviceId: number): string {
  return pciIdOf({ classCode: 0, vendorId: 0x1002, deviceId });
}

function partitioning({ pci }: AmdGpu, host: Host): { 'multi-instance'?: Evidence } {
  const name = 'available_compute_partition';
  const modes = pci && attributeOf(host, pci, name);
  if (modes === undefined || !modes.includes(',')) return {};
  return { 'multi-instance': { confidence: 'probed', source: `sysfs ${name} ${modes}` } };
}
