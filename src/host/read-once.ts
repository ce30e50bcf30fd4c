import type { Host } from './host.js';

/** The host for one detection, in which several probes look at the same files: each is read once. */
export function withReadOnce(host: Host): Host {
  const files = new Map<string, string | undefined>();
  const directories = new Map<string, readonly string[]>();
  return Object.assign(Object.create(host) as Host, {
    readFile: (path: string) => {
      if (!files.has(path)) files.set(path, host.readFile(path));
      return files.get(path);
    },
    readDirectory: (path: string) => {
      const known = directories.get(path) ?? host.readDirectory(path);
      directories.set(path, known);
      return known;
    },
  } satisfies Partial<Host>);
}
