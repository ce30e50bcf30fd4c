import type { Host } from './host.js';

/** Where the loader would find a shared library; undefined when it is in none of the usual places. */
export function libraryPath(host: Host, name: string): string | undefined {
  const searched = [...(host.env.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean), ...libraryDirectories];
  return searched.map((directory) => `${directory}/${name}`).find((path) => host.exists(path));
}

const libraryDirectories: readonly string[] = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/lib64',
  '/lib',
  '/usr/local/lib',
  '/usr/local/nvidia/lib64',
  '/opt/rocm/lib',
  '/run/opengl-driver/lib',
  '/vendor/lib64',
];
