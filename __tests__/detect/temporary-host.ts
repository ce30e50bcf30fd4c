import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Host } from '../../src/host/host.js';
import { recordedHost } from '../../src/host/recorded.js';

const created: string[] = [];

afterAll(() => {
  for (const directory of created) rmSync(directory, { recursive: true, force: true });
});

/** A fresh folder below the system's temporary directory, removed after the test file. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'jest-runner-hardware-test-'));
  created.push(directory);
  return directory;
}

/** What a process computes through on one NVIDIA GPU. */
export const nvidiaAccess: Readonly<Record<string, string>> = {
  '/dev/nvidia0': '',
  '/dev/nvidiactl': '',
  '/dev/nvidia-uvm': '',
  '/usr/lib/x86_64-linux-gnu/libcuda.so.1': '',
};

/** Records a machine made up for one test and replays it. */
export function temporaryHost(parts: {
  readonly facts?: Readonly<Record<string, unknown>>;
  /** Content by absolute path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Shell script by name. */
  readonly tools?: Readonly<Record<string, string>>;
}): Host & { readonly directory: string } {
  const directory = temporaryDirectory();
  const facts = { platform: 'linux', arch: 'x64', release: '6.1.0', env: {}, totalMemoryBytes: 2 ** 34 };
  writeFileSync(join(directory, 'host.json'), JSON.stringify({ ...facts, ...parts.facts }));
  for (const [path, text] of Object.entries(parts.files ?? {})) write(join(directory, 'fs', path), text);
  for (const [name, script] of Object.entries(parts.tools ?? {})) {
    const file = join(directory, 'bin', name);
    write(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }
  return { ...recordedHost(directory), directory };
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
