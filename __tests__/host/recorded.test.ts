import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import { recordedHost } from '../../src/host/recorded.js';
import { temporaryDirectory, temporaryHost } from '../detect/temporary-host.js';

describe('nothing of the real machine shines through', () => {
  test('neither by `..` nor by links', () => {
    const host = temporaryHost({ files: { '/proc/version': 'recorded' } });
    const outside = join(temporaryDirectory(), 'secret');
    writeFileSync(outside, 'real');
    symlinkSync(outside, join(host.directory, 'fs', 'proc', 'cpuinfo'));
    symlinkSync('version', join(host.directory, 'fs', 'proc', 'link'));
    expect(host.readFile('/proc/link')).toBe('recorded');
    expect(host.readFile('/proc/cpuinfo')).toBeUndefined();
    expect(host.exists('/proc/cpuinfo')).toBe(false);
    expect(host.exists('/../host.json')).toBe(false);
    expect(host.readDirectory('/../..')).toEqual(['proc']);
    expect(host.readDirectory('/etc')).toEqual([]);
  });

  test('neither by PATH nor by the environment', async () => {
    const host = temporaryHost({ tools: { tool: 'echo "$PATH|$HOME|$LC_ALL"' } });
    expect(await host.run('node', ['--version'], { timeoutMs: 60_000 })).toMatchObject({ status: 'absent' });
    const { stdout } = await host.run('tool', [], { timeoutMs: 60_000 });
    expect(stdout).toBe(`${join(host.directory, 'bin')}||C\n`);
  });
});

test.each(['0000:01:00.0', '0000%3A01%3A00.0'])('a name with colons, recorded as %s', (name) => {
  const host = temporaryHost({});
  const folder = join(host.directory, 'fs', 'devices', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'vendor'), '0x10de');
  expect(host.readDirectory('/devices')).toEqual(['0000:01:00.0']);
  expect(host.readFile('/devices/0000:01:00.0/vendor')).toBe('0x10de');
  expect(host.exists('/devices/0000:02:00.0')).toBe(false);
});

describe('every end of a tool is an outcome', () => {
  test.each([
    ['ok', 'echo out; echo err >&2', { status: 'ok', stdout: 'out\n', stderr: 'err\n' }],
    ['error by code', 'echo out; exit 3', { status: 'error', stdout: 'out\n', stderr: '' }],
    ['error by signal', 'kill -9 $$', { status: 'error' }],
    ['timeout', '/bin/sleep 600', { status: 'timeout' }],
  ])('%s', async (_, script, outcome) => {
    const host = temporaryHost({ tools: { tool: script } });
    const timeoutMs = outcome.status === 'timeout' ? 100 : 60_000;
    expect(await host.run('tool', [], { timeoutMs })).toMatchObject(outcome);
  });

  test('stopped by the signal, together with what the tool started', async () => {
    const host = temporaryHost({ tools: { tool: '/bin/sleep 600 & echo "$!." > "$0.child"; wait' } });
    const controller = new AbortController();
    const running = host.run('tool', [], { timeoutMs: 60_000, signal: controller.signal });
    const note = join(host.directory, 'bin', 'tool.child');
    await until(() => existsSync(note) && readFileSync(note, 'utf8').includes('.'));
    controller.abort();
    expect(await running).toMatchObject({ status: 'timeout' });
    await until(() => !isRunning(Number.parseInt(readFileSync(note, 'utf8'), 10)));
  });

  test('a file that cannot be executed', async () => {
    const host = temporaryHost({});
    mkdirSync(join(host.directory, 'bin'));
    writeFileSync(join(host.directory, 'bin', 'tool'), '');
    expect(await host.run('tool', [], { timeoutMs: 60_000 })).toMatchObject({ status: 'error' });
  });
});

test.each([
  ['nothing there', undefined, 'a recorded host needs this file'],
  ['not JSON', '{', 'this is not JSON'],
  ['no object', '[]', '`platform` is missing or wrong'],
  ['no memory', '{"platform": "linux", "arch": "x64"}', '`totalMemoryBytes` is missing or wrong'],
  [
    'a number in the environment',
    '{"platform": "linux", "arch": "x64", "env": {"A": 1}}',
    '`env` is missing or wrong',
  ],
  [
    'no CPUs',
    '{"platform": "linux", "arch": "x64", "totalMemoryBytes": 1, "availableParallelism": 0}',
    '`availableParallelism`',
  ],
])('host.json: %s', (_, text, message) => {
  const directory = temporaryDirectory();
  if (text !== undefined) writeFileSync(join(directory, 'host.json'), text);
  expect(() => recordedHost(directory)).toThrow(UsageError);
  expect(() => recordedHost(directory)).toThrow(message);
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

/** A killed process that nobody has waited for yet no longer runs. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = `/proc/${pid}/stat`;
    return !existsSync(stat) || !/\) [ZX]/.test(readFileSync(stat, 'utf8'));
  } catch {
    return false;
  }
}
