import type { Host } from '../../host/host.js';

/**
 * Where this process would get a shared library from: `LD_LIBRARY_PATH`, the loader's cache (`/etc/ld.so.cache`), its own
 * folders, then the places of makers that programs look into by themselves. Undefined: nowhere. Where there is no cache
 * (musl, a machine that was recorded without it), the folders of `/etc/ld.so.conf` and the usual ones count as well.
 */
export function libraryPath(host: Host, name: string): string | undefined {
  const asked = (host.env.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean);
  return (
    inFolders(host, asked, name) ??
    inCache(host, name) ??
    inFolders(host, loaderFolders, name) ??
    inFolders(host, makersFolders, name) ??
    (hasLoaderCache(host) ? undefined : inFolders(host, [...configuredFolders(host), ...usualFolders], name))
  );
}

/** Whether the loader tells which libraries it knows, so that one it does not list is really missing. */
export function hasLoaderCache(host: Host): boolean {
  return host.readFile(cacheFile) !== undefined;
}

/** The path of a library in what `ldconfig -p` prints. */
export function pathInListing(host: Host, listing: string, name: string): string | undefined {
  return listing
    .split('\n')
    .filter((line) => line.trim().startsWith(`${name} (`))
    .map((line) => line.split(' => ')[1]?.trim() ?? '')
    .find((path) => isUsable(host, path));
}

const cacheFile = '/etc/ld.so.cache';

/** The cache is binary, and its texts end with a zero byte: paths are found as they are, whatever its format. */
function inCache(host: Host, name: string): string | undefined {
  const cache = host.readFile(cacheFile);
  if (cache === undefined) return undefined;
  const ending = `/${name}\0`;
  for (let at = cache.indexOf(ending); at >= 0; at = cache.indexOf(ending, at + 1)) {
    const path = cache.slice(cache.lastIndexOf('\0', at) + 1, at + ending.length - 1);
    if (path.startsWith('/') && isUsable(host, path)) return path;
  }
  return undefined;
}

function inFolders(host: Host, folders: readonly string[], name: string): string | undefined {
  return folders.map((folder) => `${folder}/${name}`).find((path) => isUsable(host, path));
}

/** CUDA's toolkit has stubs to link against, which only fail; libraries of 32 bits are of no use to Node. */
function isUsable(host: Host, path: string): boolean {
  return !/\/(stubs|lib32|i[3-6]86-linux-gnu|arm-linux-gnueabihf)\//.test(path) && host.exists(path);
}

/** Folders named by `/etc/ld.so.conf` and the files that it includes. */
function configuredFolders(host: Host): readonly string[] {
  const included = host
    .readDirectory('/etc/ld.so.conf.d')
    .filter((name) => name.endsWith('.conf'))
    .map((name) => `/etc/ld.so.conf.d/${name}`);
  return ['/etc/ld.so.conf', ...included]
    .flatMap((file) => (host.readFile(file) ?? '').split('\n'))
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line.startsWith('/'));
}

/** Searched by every loader, with or without a cache. */
const loaderFolders: readonly string[] = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/lib64',
  '/lib',
];

/** Where a system or a maker keeps libraries that its programs find without the loader's cache. */
const makersFolders: readonly string[] = [
  '/usr/lib/aarch64-linux-gnu/tegra',
  '/usr/lib/aarch64-linux-gnu/nvidia',
  '/usr/lib/wsl/lib',
  '/run/opengl-driver/lib',
  '/opt/rocm/lib',
  '/vendor/lib64',
];

const usualFolders: readonly string[] = [
  '/usr/local/lib',
  '/usr/local/nvidia/lib64',
  '/usr/local/nvidia/lib',
];
