import type { Evidence } from '../core/machine.js';
import type { Backend } from '../core/taxonomy.js';
import type { Host } from './host.js';
import { libraryPath } from './library.js';

/** The file names by which a maker's drivers register with the loaders of Vulkan and OpenCL. */
export interface DriverFiles {
  readonly vulkan: RegExp;
  readonly opencl: RegExp;
}

/** Vulkan and OpenCL, where both the loader's library and a driver of this maker are installed. */
export function graphicsBackendsOf(host: Host, files: DriverFiles): Partial<Record<Backend, Evidence>> {
  return {
    ...installed(
      host,
      'vulkan',
      'libvulkan.so.1',
      ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'],
      files.vulkan,
    ),
    ...installed(host, 'opencl', 'libOpenCL.so.1', ['/etc/OpenCL/vendors'], files.opencl),
  };
}

function installed(
  host: Host,
  backend: Backend,
  loader: string,
  folders: readonly string[],
  pattern: RegExp,
): Partial<Record<Backend, Evidence>> {
  const driver = folders
    .flatMap((folder) => host.readDirectory(folder).map((name) => ({ folder, name })))
    .find(({ name }) => pattern.test(name));
  if (driver === undefined || libraryPath(host, loader) === undefined) return {};
  return { [backend]: { confidence: 'inferred', source: `${driver.folder}/${driver.name} and ${loader}` } };
}
