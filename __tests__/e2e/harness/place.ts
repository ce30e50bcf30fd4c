import { lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packedInstall, stockOnly, takeLock } from './install.js';

/** A folder for projects that nobody else uses meanwhile, with the package as this run installed it. */
export interface Place {
  readonly directory: string;
  release(): void;
}

/**
 * The same folder in each run, so that what Jest has transformed is of use to the next: its cache goes by path. Another
 * run that is under way has it; this one then gets one beside.
 * @param path Below the folder of this checkout.
 */
export async function takePlace(...path: readonly string[]): Promise<Place> {
  const { root, packageDirectory } = await packedInstall();
  const usual = join(root, ...path);
  mkdirSync(usual, { recursive: true });
  const lock = join(usual, 'lock');
  // The first try may only have removed the lock of a process that was killed.
  const own = takeLock(lock) || takeLock(lock);
  // As deep as the usual one: Jest shows some paths with as many `..`.
  const directory = own ? usual : `${usual}-beside-${process.pid}`;
  if (!stockOnly) linkPackage(packageDirectory, join(directory, 'node_modules'));
  return { directory, release: () => rmSync(own ? lock : directory, { recursive: true, force: true }) };
}

/** A link, as pnpm makes them. */
function linkPackage(target: string, nodeModules: string): void {
  const link = join(nodeModules, 'jest-runner-hardware');
  const former = lstatSync(link, { throwIfNoEntry: false });
  if (former?.isSymbolicLink() && readlinkSync(link) === target) return;
  rmSync(link, { recursive: true, force: true });
  mkdirSync(nodeModules, { recursive: true });
  symlinkSync(target, link, 'junction');
}

/** A name as the name of a folder. */
export const { folderOf } = createRequire(import.meta.url)('./places.cjs') as {
  folderOf(name: string): string;
};
