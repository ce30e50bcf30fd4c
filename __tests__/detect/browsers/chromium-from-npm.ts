import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const unpack = fileURLToPath(new URL('unpack-chromium.mjs', import.meta.url));

/**
 * A Chromium that computes WebNN too, as Debian's does not, in a folder for PATH; undefined where there is no such build
 * (it is made for Linux on x64).
 * @param directory Gets the folder, and the browser unpacked: where test files that run at once shared one, the second
 *   would start an executable that the first still writes.
 */
export function chromiumFromNpm(directory: string): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  // It unpacks below the system's temporary directory, which only a process of its own can have elsewhere.
  const executable = execFileSync(process.execPath, [unpack], {
    env: { ...process.env, TMPDIR: directory },
    encoding: 'utf8',
  });
  chmodSync(executable, 0o755);
  const bin = join(directory, 'chromium-bin');
  mkdirSync(bin);
  symlinkSync(executable, join(bin, 'chromium-headless-shell'));
  return bin;
}
