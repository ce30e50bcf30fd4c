import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import os from 'node:os';
import type PQueue from 'p-queue';
import { followTool } from './follow-tool.js';
import type { CpuFallback, Host } from './host.js';
import { runTool } from './run-tool.js';

/** The machine this process runs on. */
export function liveHost(): Host {
  return {
    platform: process.platform,
    arch: process.arch,
    release: os.release(),
    env: process.env,
    workingDirectory: process.cwd(),
    totalMemoryBytes: os.totalmem(),
    // Linux has an id for each boot, and a container's clock of it may be another.
    ...(process.platform !== 'linux' && { bootMinute: Math.round((Date.now() / 1000 - os.uptime()) / 60) }),
    availableParallelism: os.availableParallelism(),
    cpuModel: () => os.cpus()[0]?.model.trim() || undefined,
    readFile: (path) => orElse(undefined, () => readFileSync(path, 'utf8')),
    readDirectory: (path) => orElse([], () => readdirSync(path).sort()),
    exists: (path) => existsSync(path),
    mayOpen: (path) => orElse(false, () => accessSync(path, constants.R_OK | constants.W_OK) === undefined),
    stampOf: (path) => orElse(undefined, () => stampOf(path)),
    run: async (command, args, options) =>
      (await toolQueue()).add(() => runTool(command, args, process.env, options)),
    follow: (command, args, follower) => followTool(command, args, process.env, follower),
    cpuFallback,
  };
}

function stampOf(path: string): string {
  const { mtimeMs, size } = statSync(path);
  return `${mtimeMs} ${size}`;
}

/** Tools that run at once. Each is a process and may load a driver; more of them take longer together. Not tuned: no measurement is recorded. */
const toolsAtOnce = 4;
let queue: Promise<PQueue> | undefined;

/** Loaded with the first tool: most machines need none. */
function toolQueue(): Promise<PQueue> {
  queue ??= import('p-queue').then(({ default: Queue }) => new Queue({ concurrency: toolsAtOnce }));
  return queue;
}

async function cpuFallback(): Promise<CpuFallback | undefined> {
  try {
    const { default: systeminformation } = await import('systeminformation');
    const { manufacturer, brand } = await systeminformation.cpu();
    return brand === '' ? undefined : { manufacturer, model: brand };
  } catch {
    return undefined;
  }
}

function orElse<T>(fallback: T, read: () => T): T {
  try {
    return read();
  } catch {
    return fallback;
  }
}
