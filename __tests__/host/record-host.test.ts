import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../detect/temporary-host.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The script compares the recording with the machine by itself, and fails when they differ. */
function record(directory: string, ...from: readonly string[]): string {
  return execFileSync(process.execPath, ['scripts/record-host.mjs', directory, ...from], {
    cwd: root,
    encoding: 'utf8',
  });
}

test('this machine is recorded and replays the same', () => {
  const directory = join(temporaryDirectory(), 'recorded');
  expect(record(directory)).toContain('It replays as this machine: cpu');
  expect(JSON.parse(readFileSync(join(directory, 'host.json'), 'utf8'))).toMatchObject({
    platform: process.platform,
    env: {},
  });
});

test.each([
  ['linux-masked-nvidia', 'nvidia-smi'],
  ['macos-m2', 'system_profiler'],
  ['windows-nvidia', 'nvidia-smi'],
  ['npu-closed-intel', undefined],
  ['radeon-desktop', undefined],
])('so is %s, with what its tools answer', (name, tool) => {
  const directory = join(temporaryDirectory(), 'recorded');
  expect(record(directory, join('fixtures/hosts', name))).toContain('It replays as this machine: cpu');
  if (tool !== undefined)
    expect(readFileSync(join(directory, 'bin', tool), 'utf8')).toMatch(/^#!\/bin\/sh\n/);
});

test('it names no GPU by its own UUID', () => {
  const directory = join(temporaryDirectory(), 'recorded');
  record(directory, 'fixtures/hosts/linux-two-nvidia');
  const script = readFileSync(join(directory, 'bin', 'nvidia-smi'), 'utf8');
  expect(script).toContain('NVIDIA GeForce RTX 4090');
  expect(script).toContain('GPU-00000000-0000-4000-8000-000000000002');
  expect(script).not.toContain('5a1fb1a7-0a51-4a0b-9d5c');
});
