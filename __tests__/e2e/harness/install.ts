import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** `E2E_RUNNER=stock` runs stock Jest on both sides: a red test is then a fault of the test, not of the runner. */
export const stockOnly = process.env.E2E_RUNNER === 'stock';

export interface PackedInstall {
  /** Below it, `require('jest-runner-hardware')` finds what `npm pack` ships and everything else what we develop with. */
  readonly root: string;
  readonly tarball: string;
}

/**
 * Builds and packs the package as it would be published and unpacks it beside links to our own node_modules.
 * Done once for each state of the sources; the other Jest workers wait for the first.
 */
export function packedInstall(): Promise<PackedInstall> {
  installed ??= installOnce();
  return installed;
}

/** One test file keeps the state it started with, also when sources change meanwhile. */
let installed: Promise<PackedInstall> | undefined;

async function installOnce(): Promise<PackedInstall> {
  const base = join(realpathSync(tmpdir()), 'jest-runner-hardware-e2e');
  mkdirSync(base, { recursive: true });
  const root = join(base, fingerprint());
  const install = { root, tarball: join(root, 'package.tgz') };
  const lock = join(base, 'lock');
  while (!existsSync(root)) {
    if (takeLock(lock)) {
      try {
        removeOldInstalls(base);
        if (!existsSync(root)) installInto(root, join(base, `unfinished-${process.pid}`));
      } finally {
        rmSync(lock, { force: true });
      }
    } else {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return install;
}

function installInto(root: string, unfinished: string): void {
  const nodeModules = join(unfinished, 'node_modules');
  mkdirSync(nodeModules, { recursive: true });
  for (const entry of readdirSync(join(repository, 'node_modules'))) {
    if (entry.startsWith('.') || entry === 'jest-runner-hardware') continue;
    symlinkSync(join(repository, 'node_modules', entry), join(nodeModules, entry));
  }
  if (!stockOnly) {
    npm('run', 'build', '--silent', '--', '--if-changed');
    npm('pack', '--silent', '--ignore-scripts', '--pack-destination', unfinished);
    const tarball = readdirSync(unfinished).find((name) => name.endsWith('.tgz'));
    if (tarball === undefined) throw new Error('npm pack wrote no tarball');
    renameSync(join(unfinished, tarball), join(unfinished, 'package.tgz'));
    execFileSync('tar', ['-xzf', 'package.tgz'], { cwd: unfinished });
    renameSync(join(unfinished, 'package'), join(nodeModules, 'jest-runner-hardware'));
  }
  renameSync(unfinished, root);
}

/** Each state of the sources has an install of its own; yesterday's are of no use. */
function removeOldInstalls(base: string): void {
  for (const name of readdirSync(base)) {
    const path = join(base, name);
    const ageMs = Date.now() - statSync(path).mtimeMs;
    if (ageMs > 24 * 3600 * 1000) rmSync(path, { recursive: true, force: true });
  }
}

function npm(...args: readonly string[]): void {
  try {
    execFileSync('npm', args, { cwd: repository, stdio: 'pipe', shell: process.platform === 'win32' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: Buffer; stderr?: Buffer };
    throw new Error(`npm ${args.join(' ')} failed:\n${stdout ?? ''}${stderr ?? ''}`, { cause: error });
  }
}

/** The lock is a file with the owner's pid, so that a lock whose owner was killed can be taken over. */
export function takeLock(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    try {
      process.kill(Number(readFileSync(lock, 'utf8')), 0);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') rmSync(lock, { force: true });
    }
    return false;
  }
}

function fingerprint(): string {
  const hash = createHash('sha256').update(stockOnly ? 'stock' : 'hardware');
  const inputs = ['package.json', 'node_modules/.package-lock.json', ...(stockOnly ? [] : ['src'])];
  for (const path of inputs) add(join(repository, path));
  return hash.digest('hex').slice(0, 16);

  function add(path: string): void {
    const stat = statSync(path);
    if (stat.isDirectory()) {
      for (const name of readdirSync(path).sort()) add(join(path, name));
    } else {
      hash.update(`${path}\0${stat.size}\0${stat.mtimeMs}\n`);
    }
  }
}
