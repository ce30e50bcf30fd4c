import type { Architecture, Vendor } from '../../core/vocabulary/taxonomy.js';
import { acceleratorMaker, isAccelerator } from '../accelerators/known.js';
import { sourced } from '../findings/device-draft.js';
import { type FoundDevice, numberedFindings } from '../findings/numbered-findings.js';
import type { Probe } from '../findings/probe.js';
import { isForGuests, isPassedOn, type PciFunction, pciFunctionsOf, pciIdOf } from '../system/pci.js';

/**
 * GPUs and accelerators that no other probe can use: the bus shows them, and nothing here makes them compute. Comes last,
 * so that it keeps only what the probes of the drivers leave.
 */
export const pciDisplay: Probe = async (host) =>
  numberedFindings(
    pciFunctionsOf(host)
      .filter((pci) => (isGpu(pci) || isAccelerator(pci)) && !isForGuests(host, pci))
      .map(foundAt),
  );

function foundAt(gpu: PciFunction): FoundDevice {
  const source = `PCI id ${pciIdOf(gpu)}`;
  const { vendor, architecture, name } = vendors[gpu.vendorId] ?? {
    name: acceleratorMaker(gpu.vendorId) ?? 'unknown',
  };
  const kind = isGpu(gpu) ? 'GPU' : 'accelerator';
  return {
    draft: {
      class: kind === 'GPU' ? 'gpu' : 'asic',
      software: false,
      vendor: vendor && sourced(vendor, 'probed', source),
      architecture: kind !== 'GPU' ? undefined : architecture && sourced(architecture, 'inferred', source),
      model: sourced(`${name} ${kind} ${pciIdOf(gpu)}`, 'probed', source),
      driver: gpu.driver === undefined ? undefined : sourced(gpu.driver, 'probed', 'PCI driver'),
      backends: {},
      precisions: {},
      features: {},
    },
    obstacle: { message: obstacleOf(gpu), remedy: remedyFor(gpu) },
    address: gpu.address,
  };
}

const vendors: Readonly<
  Record<number, { readonly vendor: Vendor; readonly architecture: Architecture; readonly name: string }>
> = {
  4318: { vendor: 'nvidia', architecture: 'gpu-cuda', name: 'NVIDIA' },
  4098: { vendor: 'amd', architecture: 'gpu-rocm', name: 'AMD' },
  32902: { vendor: 'intel', architecture: 'gpu-intel', name: 'Intel' },
};

/** Display adapters that only show pictures: of virtual machines, and of the service processors of servers. */
const pictureOnly: ReadonlySet<number> = new Set([
  0x1013, // Cirrus Logic
  0x102b, // Matrox
  0x1234, // Bochs
  0x126f, // Silicon Motion
  0x1414, // Hyper-V
  0x15ad, // VMware
  0x18ca, // XGI
  0x19e5, // Huawei iBMC
  0x1a03, // ASPEED
  0x1ab8, // Parallels
  0x1af4, // virtio
  0x1b36, // QXL
  0x1d0f, // Amazon EC2
  0x5853, // Xen
  0x80ee, // VirtualBox
]);

function isGpu({ classCode, vendorId }: PciFunction): boolean {
  if (classCode >>> 16 === 0x03) return !pictureOnly.has(vendorId);
  // AMD's accelerators without a display are processing accelerators since MI300.
  return classCode >>> 8 === 0x1200 && vendorId === 0x1002;
}

function obstacleOf(pci: PciFunction): string {
  const { driver } = pci;
  if (driver === undefined) return 'has no driver';
  if (isPassedOn(pci)) return `is reserved for a virtual machine by ${driver}`;
  if (driver === 'nouveau') return 'is driven by nouveau, which cannot compute';
  return `is driven by ${driver}, and nothing here lets a process compute on it`;
}

function remedyFor(pci: PciFunction): string {
  const { driver, vendorId } = pci;
  if (isPassedOn(pci)) {
    return `unbind it from ${driver} and load its own driver, or run the tests in that virtual machine`;
  }
  if (driver === 'nvidia') return 'in a container pass the GPU: docker run --gpus all';
  return (
    (isGpu(pci) ? remedies[vendorId] : undefined) ??
    "install its maker's compute driver, or declare it in a machine file"
  );
}

const remedies: Readonly<Record<number, string>> = {
  4318: 'install the NVIDIA driver; `nvidia-smi` then shows the GPU',
  4098: 'load the amdgpu driver (kernel module and firmware)',
  32902: 'load the i915 or xe driver',
};
