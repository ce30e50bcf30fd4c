import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import { setUp, setupPlan } from '../../src/sync/setup.js';
import { type Files, newFolder, removeFolders, write } from './repositories.js';

afterAll(removeFolders);

function checkoutOf(files: Files, directory = '') {
  const notes = newFolder('notes');
  const root = join(notes, 'checkout-1');
  mkdirSync(join(root, directory), { recursive: true });
  write(root, files);
  return { root, directory: join(root, directory), notes };
}

test.each<[string, Files, string | undefined]>([
  ['npm', { 'package-lock.json': '{}' }, 'npm ci'],
  ['a shrinkwrap', { 'npm-shrinkwrap.json': '{}' }, 'npm ci'],
  ['pnpm', { 'pnpm-lock.yaml': '' }, 'pnpm install --frozen-lockfile'],
  ['Yarn 1', { 'yarn.lock': '# AUTO\n# yarn lockfile v1\n' }, 'yarn install --frozen-lockfile'],
  ['Yarn 4', { 'yarn.lock': '__metadata:\n  version: 8\n' }, 'yarn install --immutable'],
  ['Bun', { 'bun.lock': '{}' }, 'bun install --frozen-lockfile'],
  ['no lockfile', { 'package.json': '{}' }, undefined],
  [
    'the package manager that package.json names, of two',
    { 'package.json': '{"packageManager":"npm@11.0.0"}', 'package-lock.json': '', 'yarn.lock': '' },
    'npm ci',
  ],
])('the default setup for %s', (_, files, command) => {
  const { root, directory } = checkoutOf(files);
  expect(setupPlan(root, directory).command).toBe(command);
});

test('packages of a workspace are installed where its lockfile lies', () => {
  const { root, directory } = checkoutOf(
    { 'package-lock.json': '', 'packages/a/package.json': '{}' },
    'packages/a',
  );
  expect(setupPlan(root, directory).directory).toBe(root);
});

test('a lockfile above the checkout is not the project’s', () => {
  const { root, directory, notes } = checkoutOf({ 'package.json': '{}' });
  write(notes, { 'package-lock.json': '' });
  expect(setupPlan(root, directory).command).toBeUndefined();
});

test('setup runs when its key is new, and not again', async () => {
  const checkout = checkoutOf({ 'package-lock.json': '1' });
  const options = { command: 'echo x >> runs; mkdir -p node_modules' };
  const runs = () => readFileSync(join(checkout.root, 'runs'), 'utf8').split('\n').length - 1;
  expect(await setUp(checkout, options)).toMatchObject({ command: options.command });
  expect(await setUp(checkout, options)).toBeUndefined();
  expect(runs()).toBe(1);
  write(checkout.root, { 'package-lock.json': '2' });
  await setUp(checkout, options);
  expect(runs()).toBe(2);
  write(checkout.root, { 'patches/a.patch': '+' });
  await setUp(checkout, options);
  expect(runs()).toBe(3);
  rmSync(join(checkout.root, 'node_modules'), { recursive: true });
  await setUp(checkout, options);
  expect(runs()).toBe(4);
});

test('a setup that fails shows its output, and runs again', async () => {
  const checkout = checkoutOf({});
  const failing = setUp(checkout, { command: 'echo no such package; exit 7' });
  await expect(failing).rejects.toThrow(UsageError);
  await expect(failing).rejects.toThrow(/exit code 7.*found: +no such package/s);
  expect(await setUp(checkout, { command: 'true' })).toBeDefined();
});

test('after a setup that failed halfway, the one before runs again', async () => {
  const checkout = checkoutOf({});
  await setUp(checkout, { command: 'true' });
  await expect(setUp(checkout, { command: 'false' })).rejects.toThrow('exit code 1');
  expect(await setUp(checkout, { command: 'true' })).toBeDefined();
});

test('a setup that is cancelled ends with all that it started', async () => {
  const checkout = checkoutOf({});
  const controller = new AbortController();
  const command = 'sleep 60 & echo $! > pid; echo > started; wait';
  const running = setUp(checkout, { command, signal: controller.signal });
  while (!existsSync(join(checkout.root, 'started'))) await new Promise(setImmediate);
  controller.abort(new Error('cancelled'));
  await expect(running).rejects.toThrow('cancelled');
  const pid = Number(readFileSync(join(checkout.root, 'pid'), 'utf8'));
  await ended(pid);
});

/** Fails by the test's own limit of time. */
async function ended(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
      if (/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return;
    } catch {
      return;
    }
    await new Promise(setImmediate);
  }
}
