import type { Evidence } from '../../core/machine.js';
import type { Backend } from '../../core/taxonomy.js';
import { abilitiesOfGfx, isIntegratedGfx } from '../amd-generation.js';
import { namesByAmdTools } from '../amd-smi.js';
import { bindingEnvOf } from '../binding.js';
import { closedNode } from '../closed-node.js';
import { labelsOf, type Sourced, sourced } from '../device-draft.js';
import type { Host } from '../host.js';
import { powerLimitOf } from '../hwmon.js';
import { graphicsBackendsOf } from '../icd.js';
import { libraryPath } from '../library.js';
import { type FoundDevice, hiddenDevice, numberedFindings, type Obstacle } from '../numbered-findings.js';
import { amdMarketingName, type KfdGpu, parseKfdMemoryBank, parseKfdProperties } from '../parse/kfd.js';
import { attributeOf, type PciFunction, pciFunctionsOf, pciIdOf } from '../pci.js';
import type { Probe } from '../probe.js';

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

/** One GPU: its compute node, its PCI function, or both. */
interface AmdGpu {
  /** `index` counts GPUs as ROCm does. */
  readonly kfd?: { readonly gpu: KfdGpu; readonly index: number; readonly directory: string } | undefined;
  readonly pci?: PciFunction | undefined;
}

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
    .map((node, index) => ({ ...node, index }));
  const withNode = nodes.map((kfd) => ({ kfd, pci: functionOf(kfd.gpu, functions) }));
  const rest = functions.filter((pci) => pci.driver === 'amdgpu' && !withNode.some((gpu) => gpu.pci === pci));
  return [...withNode, ...rest.map((pci) => ({ pci }))];
}

function functionOf(gpu: KfdGpu, functions: readonly PciFunction[]): PciFunction | undefined {
  return (
    functions.find(({ address }) => address === gpu.address) ??
    functions.find(({ address, deviceId }) => address === undefined && deviceId === gpu.deviceId)
  );
}

function foundAs(gpu: AmdGpu, model: Sourced<string>, host: Host): FoundDevice {
  const { kfd, pci } = gpu;
  const node = renderNodeOf(gpu);
  const closed = [node, kfd && '/dev/kfd'].find((path) => path && host.exists(path) && !host.mayOpen(path));
  const nodeExists = node !== undefined && host.exists(node);
  const backends =
    nodeExists && host.mayOpen(node)
      ? { ...rocmOf(gpu, node, host), ...graphicsBackendsOf(host, driverFiles) }
      : {};
  const { bindingEnv, hiddenBy } =
    kfd === undefined
      ? {}
      : bindingEnvOf({ class: 'gpu', vendor: 'amd' }, { index: kfd.index, uuid: kfd.gpu.uuid }, host);
  const because: Evidence = { confidence: 'inferred', source: `KFD gfx_target_version ${kfd?.gpu.gfx}` };
  const abilities = kfd ? abilitiesOfGfx(kfd.gpu.gfx) : { precisions: [], features: [] };
  const memory = memoryOf(gpu, host);
  const shared = kfd !== undefined && isIntegratedGfx(kfd.gpu.gfx);
  return {
    draft: {
      class: 'gpu',
      software: false,
      vendor: sourced('amd', 'probed', kfd ? 'KFD' : 'PCI'),
      architecture: sourced('gpu-rocm', 'probed', kfd ? 'KFD' : 'driver amdgpu'),
      model,
      memoryBytes: memory,
      ratedWatts: powerLimitOf(host, pci?.address ?? kfd?.gpu.address),
      backends,
      precisions: labelsOf(abilities.precisions, because),
      features: {
        ...labelsOf(abilities.features, because),
        ...(shared && { 'unified-memory': because }),
        ...(memory && !shared && { 'dedicated-memory': memory.evidence }),
        ...partitioning(gpu, host),
      },
      ...(bindingEnv && { bindingEnv }),
    },
    obstacle: obstacleOf(gpu, { missing: nodeExists ? undefined : node, closed }, backends, hiddenBy),
    address: pci?.address ?? kfd?.gpu.address,
  };
}

const driverFiles = { vulkan: /^(radeon|amd)_icd/, opencl: /^(amdocl|rusticl|mesa)/ };

function renderNodeOf({ kfd, pci }: AmdGpu): string | undefined {
  const minor = kfd?.gpu.renderMinor;
  const name =
    minor === undefined ? pci?.nodes.find((node) => node.startsWith('renderD')) : `renderD${minor}`;
  return name && `/dev/dri/${name}`;
}

const runtime = 'libhsa-runtime64.so.1';

function rocmOf({ kfd }: AmdGpu, node: string, host: Host): Partial<Record<Backend, Evidence>> {
  if (kfd === undefined || !host.mayOpen('/dev/kfd')) return {};
  const library = libraryPath(host, runtime);
  // Frameworks bring their own runtime for cards; chips inside of a CPU work only where somebody has set ROCm up.
  if (library === undefined && isIntegratedGfx(kfd.gpu.gfx)) return {};
  const source = ['/dev/kfd', node, library].filter((path) => path !== undefined).join(', ');
  return { rocm: { confidence: 'inferred', source } };
}

/** @param node The render node that should be in `/dev` and is not, or a node that is there and may not be opened. */
function obstacleOf(
  { kfd, pci }: AmdGpu,
  node: { readonly missing: string | undefined; readonly closed: string | undefined },
  backends: Partial<Record<Backend, Evidence>>,
  hiddenBy: string | undefined,
): Obstacle | undefined {
  if (hiddenBy !== undefined) return hiddenDevice(hiddenBy);
  if (Object.keys(backends).length > 0) return undefined;
  if (node.closed !== undefined) return closedNode(node.closed);
  if (node.missing !== undefined) {
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
  const known = names[deviceId];
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

/** Server GPUs, on whose machines no graphics packages tell names. */
const names: Readonly<Record<number, string>> = {
  29580: 'AMD Instinct MI100',
  29704: 'AMD Instinct MI250X',
  29708: 'AMD Instinct MI250X/MI250',
  29711: 'AMD Instinct MI210',
  29856: 'AMD Instinct MI300A',
  29857: 'AMD Instinct MI300X',
  29861: 'AMD Instinct MI325X',
  30112: 'AMD Instinct MI350X',
  30115: 'AMD Instinct MI355X',
};

function memoryOf({ kfd, pci }: AmdGpu, host: Host): Sourced<number> | undefined {
  const total = Number((pci && attributeOf(host, pci, 'mem_info_vram_total')) ?? 0);
  if (total > 0) return sourced(total, 'probed', 'sysfs mem_info_vram_total');
  if (kfd === undefined) return undefined;
  const folder = `${kfd.directory}/mem_banks`;
  const banks = host
    .readDirectory(folder)
    .map((name) => parseKfdMemoryBank(host.readFile(`${folder}/${name}/properties`) ?? ''));
  const sum = banks.reduce((bytes, bank) => bytes + bank, 0);
  return sum > 0 ? sourced(sum, 'probed', 'KFD mem_banks') : undefined;
}

function partitioning({ pci }: AmdGpu, host: Host): { 'multi-instance'?: Evidence } {
  const name = 'available_compute_partition';
  const modes = pci && attributeOf(host, pci, name);
  if (modes === undefined || !modes.includes(',')) return {};
  return { 'multi-instance': { confidence: 'probed', source: `sysfs ${name} ${modes}` } };
}
