import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** `E2E_RUNNER=stock` runs stock Jest on both sides: a red test is then a fault of the test, not of the runner. */
export const stockOnly = process.env.E2E_RUNNER === 'stock';

export interface PackedInstall {
  /** Of this checkout. Below it, packages are what we develop with; the folders of projects add our own. */
  readonly root: string;
  /** What `npm pack` makes of the sources as they are. */
  readonly tarball: string;
  /** The same, unpacked in a `node_modules`. What the package keeps of compiled code lies there too, for all tests. */
  readonly packageDirectory: string;
}

/**
 * Builds and packs the package as it would be published. Done once for each state of the sources; the other Jest workers
 * wait for the first.
 */
export function packedInstall(): Promise<PackedInstall> {
  installed ??= installOnce();
  return installed;
}

/** One test file keeps the state it started with, also when sources change meanwhile. */
let installed: Promise<PackedInstall> | undefined;

const { base, homeOf } = createRequire(import.meta.url)('./places.cjs') as {
  readonly base: string;
  homeOf(stockOnly: boolean): string;
};

async function installOnce(): Promise<PackedInstall> {
  const root = homeOf(stockOnly);
  const states = join(root, 'states');
  mkdirSync(states, { recursive: true });
  const state = join(states, fingerprint());
  const lock = join(root, 'lock');
  while (!existsSync(state)) {
    if (takeLock(lock)) {
      try {
        for (const folder of [base, states]) removeOld(folder);
        linkOurPackages(join(root, 'node_modules'));
        if (!existsSync(state)) packInto(state, join(root, `unfinished-${process.pid}`));
      } finally {
        rmSync(lock, { force: true });
      }
    } else {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return { root, tarball: join(state, 'package.tgz'), packageDirectory: join(state, unpacked) };
}

const unpacked = 'node_modules/jest-runner-hardware';

function linkOurPackages(link: string): void {
  if (lstatSync(link, { throwIfNoEntry: false }) === undefined)
    symlinkSync(join(repository, 'node_modules'), link, 'junction');
}

function packInto(state: string, unfinished: string): void {
  mkdirSync(unfinished);
  if (!stockOnly) {
    npm('run', 'build', '--silent', '--', '--if-changed');
    npm('pack', '--silent', '--ignore-scripts', '--pack-destination', unfinished);
    const tarball = readdirSync(unfinished).find((name) => name.endsWith('.tgz'));
    if (tarball === undefined) throw new Error('npm pack wrote no tarball');
    renameSync(join(unfinished, tarball), join(unfinished, 'package.tgz'));
    mkdirSync(join(unfinished, unpacked), { recursive: true });
    execFileSync('tar', ['-xzf', 'package.tgz', '-C', unpacked, '--strip-components=1'], { cwd: unfinished });
  }
  renameSync(unfinished, state);
}

/** Yesterday's states of the sources, and checkouts that nobody has tested since, are of no use. */
function removeOld(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
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
  for (const path of [...inputs, '__tests__/e2e/harness/install.ts']) add(join(repository, path));
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
