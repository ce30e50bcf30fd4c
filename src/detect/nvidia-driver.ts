import type { Host } from './host.js';
import { parseNvidiaInformation } from './parse/nvidia-proc.js';
import type { NvidiaGpu } from './parse/nvidia-smi.js';

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

/** What a process needs to compute and does not find here; undefined when all is there. A CUDA toolkit alone is nothing. */
export function missingForCuda(host: Host): string | undefined {
  const nodes = host.readDirectory('/dev');
  if (!nodes.some((name) => /^nvidia\d+$/.test(name))) return 'no /dev/nvidia<n>';
  if (!nodes.includes('nvidiactl')) return 'no /dev/nvidiactl';
  const searched = [...(host.env.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean), ...libraryDirectories];
  return searched.some((directory) => host.exists(`${directory}/libcuda.so.1`))
    ? undefined
    : 'no libcuda.so.1';
}

const libraryDirectories: readonly string[] = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/usr/local/nvidia/lib64',
  '/run/opengl-driver/lib',
];
