import { existsSync, readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
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
    availableParallelism: os.availableParallelism(),
    cpuModel: () => os.cpus()[0]?.model.trim() || undefined,
    readFile: (path) => orElse(undefined, () => readFileSync(path, 'utf8')),
    readDirectory: (path) => orElse([], () => readdirSync(path).sort()),
    exists: (path) => existsSync(path),
    run: (command, args, options) => runTool(command, args, process.env, options),
    cpuFallback,
  };
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
