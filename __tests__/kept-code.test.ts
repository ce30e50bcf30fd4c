import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('..', import.meta.url));
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A project with the built package and all that it needs. */
function installed() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'kept-code-')));
  folders.push(folder);
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(join(repository, 'node_modules'))) {
    if (name.startsWith('.') || name === 'jest-runner-hardware') continue;
    symlinkSync(join(repository, 'node_modules', name), join(modules, name));
  }
  for (const part of ['package.json', 'dist']) {
    cpSync(join(repository, part), join(modules, 'jest-runner-hardware', part), { recursive: true });
  }
  const run = (args: readonly string[]) => {
    const { NODE_V8_COVERAGE, ...env } = process.env;
    const { stdout, stderr, status } = spawnSync(process.execPath, args, {
      cwd: folder,
      env,
      encoding: 'utf8',
    });
    return { output: stdout + stderr, status };
  };
  return {
    folder,
    run,
    plan: () => run(['-e', planning]),
    kept: () => filesBelow(join(modules, '.cache/jest-runner-hardware')),
  };
}

/** Uses more of the package than an import does. */
const planning = `const { plan } = require('jest-runner-hardware');
const pool = { count: 2, durationsMs: { a: 30, b: 20, c: 10 } };
console.log(typeof plan, pool.count);`;
const printed = { output: 'function 2\n', status: 0 };

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );
}

test('compiled code is kept for the next process, once', () => {
  const { plan, kept } = installed();
  expect(plan()).toEqual(printed);
  const files = kept();
  expect(files.length).toBeGreaterThan(0);
  const before = files.map((file) => readFileSync(file));
  expect(plan()).toEqual(printed);
  expect(kept()).toEqual(files);
  expect(files.map((file, index) => readFileSync(file).equals(before[index] as Buffer))).not.toContain(false);
});

test('damaged kept code is replaced', () => {
  const { plan, kept } = installed();
  plan();
  for (const file of kept()) {
    const content = readFileSync(file);
    writeFileSync(file, content.fill(0x55, content.length >> 1));
  }
  expect(plan()).toEqual(printed);
  const repaired = kept().map((file) => readFileSync(file));
  expect(repaired.filter((content) => content.subarray(-1024).every((byte) => byte === 0x55))).toEqual([]);
});

test('code kept of another build is not used', () => {
  const { folder, plan } = installed();
  plan();
  // Of the same length, which is all that V8 compares.
  const dist = join(folder, 'node_modules/jest-runner-hardware/dist');
  const code = readFileSync(join(dist, 'entries.cjs'), 'utf8');
  writeFileSync(join(dist, 'entries.cjs'), code.replace('get index() {', 'get indux() {'));
  const entry = readFileSync(join(dist, 'index.cjs'), 'utf8');
  writeFileSync(join(dist, 'index.cjs'), entry.replace(/[0-9a-f]{64}/, '0'.repeat(64)));
  expect(plan().status).not.toBe(0);
});

test('a suite that loads the package gets it in its own realm', () => {
  const { folder, run } = installed();
  writeFileSync(
    join(folder, 'own-realm.test.js'),
    `const { UsageError } = require('jest-runner-hardware');
test('is an error here', () => expect(new UsageError({ message: 'wrong' })).toBeInstanceOf(Error));`,
  );
  const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
  const { output } = run([jest, '--rootDir', folder, '--config', '{"transform":{}}', '--no-watchman']);
  expect(output).toContain('1 passed, 1 total');
});
