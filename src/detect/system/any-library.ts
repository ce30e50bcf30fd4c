import type { Host } from '../../host/host.js';
import { libraryPath } from './library.js';

/**
 * The first of several libraries, each by its name or by its whole path. Packages without a link for developers carry the
 * version alone in the name: `libhailort.so.4.20.0`.
 */
export function anyLibrary(host: Host, names: readonly string[]): string | undefined {
  for (const name of names) {
    const found = name.startsWith('/')
      ? [name].find((path) => host.exists(path))
      : (libraryPath(host, name) ?? (name.includes('/') ? undefined : versioned(host, name)));
    if (found !== undefined) return found;
  }
  return undefined;
}

function versioned(host: Host, name: string): string | undefined {
  for (const directory of directories) {
    const entry = host.readDirectory(directory).find((file) => file.startsWith(`${name}.`));
    if (entry !== undefined) return `${directory}/${entry}`;
  }
  return undefined;
}

const directories = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/usr/local/lib',
] as const;
