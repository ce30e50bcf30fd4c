import { posix } from 'node:path';
import type { Evidence } from '../../core/machine/machine.js';
import type { Backend } from '../../core/vocabulary/taxonomy.js';
import type { Host } from '../../host/host.js';
import { hasLoaderCache, libraryPath } from './library.js';

/** How a maker's drivers register with the loaders of Vulkan and OpenCL. */
export interface DriverFiles {
  /** Names of the files that drivers are registered by. */
  readonly vulkan: RegExp;
  readonly opencl: RegExp;
  /** Names of the drivers' own libraries, for files of other names and for variables that list libraries. */
  readonly vulkanLibrary?: RegExp;
  readonly openclLibrary?: RegExp;
}

/** Vulkan and OpenCL, where both the loader's library and a driver of this maker are installed. */
export function graphicsBackendsOf(host: Host, files: DriverFiles): Partial<Record<Backend, Evidence>> {
  return {
    ...installed(host, 'vulkan', 'libvulkan.so.1', vulkanDriversOf(host), [
      files.vulkan,
      files.vulkanLibrary,
    ]),
    ...installed(host, 'opencl', 'libOpenCL.so.1', openclDriversOf(host), [
      files.opencl,
      files.openclLibrary,
    ]),
  };
}

/** A driver that is registered with a loader. */
export interface RegisteredDriver {
  /** The file that registers it, or the library itself where a variable lists libraries. */
  readonly file: string;
  /** As it is written there; undefined where nothing can be read. */
  readonly library: string | undefined;
}

function installed(
  host: Host,
  backend: Backend,
  loader: string,
  drivers: readonly RegisteredDriver[],
  [fileName, libraryName]: readonly [RegExp, RegExp | undefined],
): Partial<Record<Backend, Evidence>> {
  const driver = drivers.find(
    (each) =>
      (fileName.test(posix.basename(each.file)) ||
        libraryName?.test(posix.basename(each.library ?? '')) === true) &&
      isLoadable(host, each),
  );
  if (driver === undefined || libraryPath(host, loader) === undefined) return {};
  return { [backend]: { confidence: 'inferred', source: `${driver.file} and ${loader}` } };
}

/** An image may bring the file that registers a driver, and the driver itself comes with the GPU, or not at all. */
function isLoadable(host: Host, { file, library }: RegisteredDriver): boolean {
  if (library === undefined) return true;
  if (library.includes('/')) return host.exists(posix.resolve(posix.dirname(file), library));
  return libraryPath(host, library) !== undefined || !hasLoaderCache(host);
}

/**
 * Every driver of Vulkan, as its loader finds them (LoaderDriverInterface.md of Vulkan-Loader): variables that name
 * drivers replace its folders or add to them.
 */
export function vulkanDriversOf(host: Host): readonly RegisteredDriver[] {
  const listed = (variable: string) => pathsOf(host.env[variable]).flatMap((path) => manifestsAt(host, path));
  const replaced = host.env.VK_DRIVER_FILES ?? host.env.VK_ICD_FILENAMES;
  const found =
    replaced === undefined || replaced === ''
      ? vulkanFolders(host).flatMap((folder) => manifestsAt(host, folder))
      : pathsOf(replaced).flatMap((path) => manifestsAt(host, path));
  return [...listed('VK_ADD_DRIVER_FILES'), ...found].map((file) => ({
    file,
    library: libraryIn(host, file),
  }));
}

function vulkanFolders({ env }: Host): readonly string[] {
  const home = env.HOME || undefined;
  const configuration = [
    env.XDG_CONFIG_HOME || (home && `${home}/.config`),
    ...pathsOf(env.XDG_CONFIG_DIRS || '/etc/xdg'),
    '/usr/local/etc',
    '/etc',
  ];
  const data = [
    env.XDG_DATA_HOME || (home && `${home}/.local/share`),
    ...pathsOf(env.XDG_DATA_DIRS || '/usr/local/share:/usr/share'),
  ];
  // The folders that systems and container engines let programs search by a variable of their own.
  const others = ['/usr/share', '/usr/local/nvidia/share', '/run/opengl-driver/share', '/opt/homebrew/share'];
  const roots = [...configuration, ...data, ...others].filter((folder) => folder !== undefined);
  return [...new Set(roots.map((root) => `${root.replace(/\/+$/, '')}/vulkan/icd.d`))];
}

/** The file itself, or those of a folder. */
function manifestsAt(host: Host, path: string): readonly string[] {
  const names = host.readDirectory(path);
  if (names.length > 0)
    return names.filter((name) => name.endsWith('.json')).map((name) => `${path}/${name}`);
  return path.endsWith('.json') && host.exists(path) ? [path] : [];
}

function libraryIn(host: Host, file: string): string | undefined {
  return /"library_path"\s*:\s*"([^"\\]+)"/.exec(host.readFile(file) ?? '')?.[1];
}

/** Every driver of OpenCL, as its loaders find them: `OCL_ICD_VENDORS` or `OPENCL_VENDOR_PATH` replaces the folder. */
function openclDriversOf(host: Host): readonly RegisteredDriver[] {
  const folder = host.env.OCL_ICD_VENDORS || host.env.OPENCL_VENDOR_PATH || '/etc/OpenCL/vendors';
  const files = folder.endsWith('.icd')
    ? [folder]
    : host
        .readDirectory(folder)
        .filter((name) => name.endsWith('.icd'))
        .map((name) => `${folder}/${name}`);
  const registered = files
    .filter((file) => host.exists(file))
    .map((file) => ({ file, library: host.readFile(file)?.split('\n', 1)[0]?.trim() || undefined }));
  const libraries = pathsOf(host.env.OCL_ICD_FILENAMES).map((library) => ({ file: library, library }));
  return [...libraries, ...registered];
}

function pathsOf(value: string | undefined): readonly string[] {
  return (value ?? '').split(':').filter(Boolean);
}
