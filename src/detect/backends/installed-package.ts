import type { Host } from '../../host/host.js';
import { parentsOf } from './frameworks.js';

export interface InstalledPackage {
  /** Its folder. */
  readonly directory: string;
  /** Its package.json as text: what a package is changes with it. */
  readonly manifest: string;
}

/** A package as Node would find it from the project: in the `node_modules` of the nearest parent folder. */
export function installedPackage(host: Host, projectDir: string, name: string): InstalledPackage | undefined {
  for (const parent of parentsOf(projectDir)) {
    const directory = `${parent}/node_modules/${name}`;
    const manifest = host.readFile(`${directory}/package.json`);
    if (manifest !== undefined) return { directory, manifest };
  }
  return undefined;
}
