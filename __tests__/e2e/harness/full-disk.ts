import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own with little room. */
export interface SmallDisk {
  /** Takes all the room that is left. */
  fill(): void;
  /** Frees it again. */
  free(): void;
  unmount(): void;
}

/** Mounts one at a folder, which is made where it is missing. @param room As tmpfs takes it. */
export function mountSmallDisk(folder: string, room = 'size=64k'): SmallDisk {
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `${room},mode=1777`, 'small-disk', folder], {
    stdio: 'ignore',
  });
  const filler = join(folder, 'filler');
  return {
    fill() {
      try {
        writeFileSync(filler, Buffer.alloc(64 * 1024 * 1024));
      } catch {
        // It holds what went in.
      }
    },
    free: () => rmSync(filler, { force: true }),
    unmount: () => execFileSync('umount', ['--lazy', folder]),
  };
}

/** False: nothing may be mounted, and tests that need it are skipped. */
export const hasSmallDisks = mayMount();

/** `test`, or `test.skip` by name where nothing may be mounted. */
export const testWithSmallDisk = (hasSmallDisks ? globalThis.test : globalThis.test?.skip) as jest.It;

function mayMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), 'jrh-mount-'));
  try {
    mountSmallDisk(folder).unmount();
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
