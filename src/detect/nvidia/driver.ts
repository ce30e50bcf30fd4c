import type { Host } from '../../host/host.js';
import { pciFunctionsOf } from '../system/pci.js';
import { comparePciAddresses, pciAddressOf } from '../system/uevent.js';
import { parseNvidiaInformation } from './proc.js';
import type { NvidiaGpu } from './smi.js';

/** Where the kernel driver lists its GPUs. */
export const driverDirectory = '/proc/driver/nvidia';

/** A GPU as the kernel driver lists it: what is known where `nvidia-smi` is missing or fails. */
export interface DriverGpu extends NvidiaGpu {
  /** The number in `/dev/nvidia<n>`. */
  readonly minor?: number;
}

/** In the order of their PCI addresses, as `nvidia-smi` numbers them. Empty where a container hides the directory. */
export function gpusOfDriver(host: Host): readonly DriverGpu[] {
  const folder = `${driverDirectory}/gpus`;
  const driverVersion = driverVersionOf(host);
  return host
    .readDirectory(folder)
    .map((name) => ({ name, address: pciAddressOf(name) }))
    .toSorted((a, b) => comparePciAddresses(a.address ?? a.name, b.address ?? b.name))
    .flatMap(({ name, address }, index) => {
      const gpu = parseNvidiaInformation(host.readFile(`${folder}/${name}/information`) ?? '');
      if (gpu === undefined) return [];
      return [
        {
          index,
          name: gpu.model,
          ...(gpu.uuid && { uuid: gpu.uuid }),
          ...(gpu.minor !== undefined && { minor: gpu.minor }),
          ...(address && { pciAddress: address }),
          ...(driverVersion && { driverVersion }),
        },
      ];
    });
}

/** In WSL: the driver that Windows shares shows that there is a GPU, and no more. */
export function gpusOfWindows(host: Host): readonly DriverGpu[] {
  const drivers = '/usr/lib/wsl/drivers';
  const driver =
    host.exists('/dev/dxg') && host.readDirectory(drivers).find((name) => /^nv.*\.inf_/.test(name));
  return driver ? [{ index: 0, name: 'NVIDIA GPU of the Windows around' }] : [];
}

/** `550.54.15` of `NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar …`. */
function driverVersionOf(host: Host): string | undefined {
  const text = host.readFile(`${driverDirectory}/version`) ?? '';
  return /Kernel Module.*?\s(\d+\.\d+(?:\.\d+)*)\s/.exec(text)?.[1];
}

/**
 * Addresses of the bus for GPUs whose driver tells none: they are counted in the order of their addresses. Undefined
 * where the bus shows another number of them.
 */
export function addressesOnBus(host: Host, count: number): readonly string[] | undefined {
  const found = pciFunctionsOf(host)
    .filter(
      ({ vendorId, classCode, driver }) =>
        vendorId === 0x10de && classCode >>> 16 === 3 && driver === 'nvidia',
    )
    .flatMap(({ address }) => address ?? [])
    .toSorted(comparePciAddresses);
  return found.length === count ? found : undefined;
}

/** What the kernel driver tells of a GPU that `nvidia-smi` has told of. A driver that has not yet talked to a GPU does not know its UUID. */
export function sameGpu(
  gpu: Pick<NvidiaGpu, 'index' | 'uuid' | 'pciAddress'>,
  listed: readonly DriverGpu[],
): DriverGpu | undefined {
  const { pciAddress, uuid, index } = gpu;
  if (pciAddress !== undefined) return listed.find((other) => other.pciAddress === pciAddress);
  const byUuid = listed.find((other) => other.uuid !== undefined && other.uuid === uuid);
  return byUuid ?? listed.find((other) => other.index === index);
}
