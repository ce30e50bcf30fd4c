import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, delimiter, dirname, join, relative, sep } from 'node:path';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { GroupGuard } from '../host/group-guard.js';
import { onProcessEnd } from '../host/process-end.js';
import { killTree } from '../host/run-tool.js';
import { writeAtomically } from '../host/write-atomically.js';
import type { Checkout } from './check-out.js';
import { frozenInstall } from './package-manager.js';

/** What has to run in a checkout before its suites can. */
export interface SetupPlan {
  /** Two checkouts with equal keys need the same setup: lockfile, command, version of Node and platform are equal. */
  readonly setupKey: string;
  /** A line for the shell; undefined: nothing is to be installed. */
  readonly command: string | undefined;
  /** Where it runs, absolute. */
  readonly directory: string;
}

export interface SetupOptions {
  /** The user's own command, run in the project's directory. Default: the frozen install of the package manager. */
  readonly command?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called when the command is about to run. */
  onStart?(command: string): void;
}

/** @returns Undefined: it was done before. @throws UsageError with the output of a command that fails. */
export async function setUp(
  checkout: Pick<Checkout, 'root' | 'directory' | 'notes'>,
  { command, signal, onStart }: SetupOptions = {},
): Promise<SetupPlan | undefined> {
  const plan = setupPlan(checkout.root, checkout.directory, command);
  const note = join(checkout.notes, `${basename(checkout.root)}.setup.json`);
  const modules = join(plan.directory, 'node_modules');
  if (doneSetupKey(note, modules) === plan.setupKey) return undefined;
  // What is installed halfway is not done.
  rmSync(note, { force: true });
  if (plan.command !== undefined) {
    onStart?.(plan.command);
    await runSetup(plan.command, plan.directory, signal);
  }
  writeAtomically(note, JSON.stringify({ setupKey: plan.setupKey, hadModules: existsSync(modules) }));
  return plan;
}

/** Where a checkout is, or will be. */
interface SetupPlace {
  /** Version of Node.js: `v22.11.0`. */
  readonly nodeVersion: string;
  readonly platform: string;
  readonly arch: string;
  /** Files that are there, below the root; left out: all that lie here. */
  readonly sent?: ReadonlySet<string>;
}

const here: SetupPlace = {
  nodeVersion: process.version,
  platform: process.platform,
  arch: process.arch,
};

/**
 * What a checkout needs.
 * @param own The user's command, in place of the package manager's.
 * @param place Default: this machine.
 */
export function setupPlan(
  root: string,
  directory: string,
  own?: string,
  place: SetupPlace = here,
): SetupPlan {
  const install = frozenInstall(root, directory);
  const command = own ?? install?.command;
  const hash = createHash('sha256');
  const add = (...parts: (string | Buffer)[]) => {
    for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  };
  const isSent = (path: string) => place.sent?.has(relative(root, path).split(sep).join('/')) ?? true;
  add(command ?? '', place.nodeVersion, place.platform, place.arch);
  if (install !== undefined) {
    const { directory: top } = install;
    add(relative(root, top), basename(install.lockfile), readFileSync(install.lockfile));
    for (const path of settingsFiles(top).filter(isSent)) add(relative(top, path), readFileSync(path));
  }
  return {
    setupKey: hash.digest('hex'),
    command,
    directory: own === undefined ? (install?.directory ?? directory) : directory,
  };
}

/** What changes the result of an install beside the lockfile: settings, and patches of packages. */
function settingsFiles(directory: string): readonly string[] {
  const settings = [
    '.npmrc',
    '.yarnrc',
    '.yarnrc.yml',
    '.pnpmfile.cjs',
    'pnpm-workspace.yaml',
    'bunfig.toml',
  ];
  const patches = ['patches', '.yarn/patches'].flatMap((folder) => filesBelow(join(directory, folder)));
  return [...settings.map((name) => join(directory, name)).filter((path) => existsSync(path)), ...patches];
}

function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Of the setup that a checkout has; undefined: none. @param note Its note, beside the checkout. @param modules Its node_modules. */
export function doneSetupKey(note: string, modules: string): string | undefined {
  const done = readNote(note);
  return done?.hadModules && !existsSync(modules) ? undefined : done?.setupKey;
}

interface SetupNote {
  readonly setupKey: string;
  readonly hadModules: boolean;
}

function readNote(path: string): SetupNote | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as SetupNote;
  } catch {
    return undefined;
  }
}

/** Characters of output that an error shows; the end says what went wrong. */
const shownChars = 4000;

function runSetup(command: string, cwd: string, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const ownGroup = process.platform !== 'win32';
    const PATH = [dirname(process.execPath), process.env['PATH']].filter(Boolean).join(delimiter);
    const child = spawn(command, {
      cwd,
      shell: true,
      // The npm of this Node: a login that is not interactive may know another one, or none.
      env: { ...process.env, PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: ownGroup,
      windowsHide: true,
    });
    let output = '';
    const keep = (chunk: string) => {
      output = (output + chunk).slice(-shownChars);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    const kill = () => killTree(child.pid, ownGroup);
    // It may take minutes. Where this process is killed the checkout is free for others, and nothing may change it any more.
    const guard = new GroupGuard();
    if (child.pid !== undefined) guard.add(child.pid);
    const abort = () => {
      kill();
      end();
      reject(signal?.reason as Error);
    };
    const end = () => {
      signal?.removeEventListener('abort', abort);
      unwatch();
      if (child.pid !== undefined) guard.remove(child.pid);
      guard.endGuard();
    };
    signal?.addEventListener('abort', abort, { once: true });
    const unwatch = onProcessEnd(kill);
    child.on('error', (error) => {
      end();
      reject(error);
    });
    child.on('close', (code, killedBy) => {
      end();
      if (code === 0) return resolve();
      reject(
        new UsageError({
          file: cwd,
          message: `the setup \`${command}\` failed (${killedBy ?? `exit code ${code}`})`,
          found: output.trim() || 'it printed nothing',
          remedy: 'run it there by hand, or give the machine another `setup`',
        }),
      );
    });
  });
}
