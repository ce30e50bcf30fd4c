import type { Host } from './host.js';
import { libraryPath } from './library.js';
import { parseNvidiaInformation } from './parse/nvidia-proc.js';
import type { NvidiaGpu } from './parse/nvidia-smi.js';
import { pciAddressOf } from './parse/uevent.js';

/** Where the kernel driver lists its GPUs. */
export const driverDirectory = '/proc/driver/nvidia';

/** GPUs as the kernel driver lists them: what is known where `nvidia-smi` is missing or fails. */
export function gpusOfDriver(host: Host): readonly NvidiaGpu[] {
  const folder = `${driverDirectory}/gpus`;
  return host.readDirectory(folder).flatMap((name, index) => {
    const gpu = parseNvidiaInformation(host.readFile(`${folder}/${name}/information`) ?? '');
    return gpu === undefined ? [] : [{ index, name: gpu.model, ...(gpu.uuid && { uuid: gpu.uuid }) }];
  });
}

/** PCI addresses by device id, for GPUs whose ids count in the given order. The driver names its folders by address. */
export function pciAddressesOf(
  gpus: readonly Pick<NvidiaGpu, 'uuid'>[],
  host: Host,
): Readonly<Record<string, string>> {
  const folder = `${driverDirectory}/gpus`;
  const listed = host.readDirectory(folder).map((name) => ({
    address: pciAddressOf(name),
    uuid: parseNvidiaInformation(host.readFile(`${folder}/${name}/information`) ?? '')?.uuid,
  }));
  const entries = gpus.flatMap(({ uuid }, position) => {
    // nvidia-smi lists by address too; a driver that has not yet talked to a GPU does not know its UUID.
    const byUuid = listed.find((entry) => entry.uuid !== undefined && entry.uuid === uuid);
    const address = (byUuid ?? listed[position])?.address;
    return address === undefined ? [] : [[`gpu${position}`, address]];
  });
  return Object.fromEntries(entries);
}

/** What a process needs to compute and does not find here; undefined when all is there. A CUDA toolkit alone is nothing. */
export function missingForCuda(host: Host): string | undefined {
  const nodes = host.readDirectory('/dev');
  if (!nodes.some((name) => /^nvidia\d+$/.test(name))) return 'no /dev/nvidia<n>';
  if (!nodes.includes('nvidiactl')) return 'no /dev/nvidiactl';
  return libraryPath(host, 'libcuda.so.1') === undefined ? 'no libcuda.so.1' : undefined;
}
