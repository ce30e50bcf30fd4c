import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const jest = require.resolve('jest/bin/jest');
const { installBuilt } = require('../scripts/install-built.cjs') as { installBuilt(folder: string): string };
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A project with the built package and all that it needs. */
function installed() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'kept-code-')));
  folders.push(folder);
  const cache = join(installBuilt(folder), '.cache/jest-runner-hardware');
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
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
    write,
    run,
    jest: (...args: readonly string[]) => run(['--require', './looking.cjs', jest, '--no-watchman', ...args]),
    plan: () => run(['-e', planning]),
    cache,
    kept: () => filesBelow(cache),
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
  const { output } = run([jest, '--rootDir', folder, '--config', '{"transform":{}}', '--no-watchman']);
  expect(output).toContain('1 passed, 1 total');
});

/** A project whose reporter is a package: Node loads it as it loads Jest. */
function wrappedProject() {
  const project = installed();
  const { write } = project;
  write(
    'jest.config.cjs',
    `const { withHardware } = require('jest-runner-hardware');
module.exports = withHardware({ transform: {}, reporters: ['default', 'own-reporter'] });`,
  );
  for (const name of ['a', 'b']) write(`${name}.test.js`, `test('passes', () => expect({}).toEqual({}));`);
  write(
    'node_modules/own-reporter/index.js',
    `const line = new Error().stack.split('\\n')[1];
const column = /(:1:\\d+)/.exec(line)[1];
const { os } = require('./importing.js');
module.exports = class {
  async onRunComplete() {
    console.log('reporter', column, (await os()).EOL.length, require.resolve.paths('x').length > 0);
  }
};`,
  );
  write('node_modules/own-reporter/importing.js', `exports.os = () => import('node:os');`);
  write(
    'looking.cjs',
    `const { prototype } = require('node:module');
const { _compile } = prototype;
process.on('exit', () => { if (prototype._compile !== _compile) console.log('loader left changed'); });`,
  );
  return project;
}

test('what Jest loads is kept, runs the same from kept code, and Node is left as it was', () => {
  const { jest, kept } = wrappedProject();
  const reported = () => /^reporter.*$|^Tests:.*$/gm;
  const first = jest('-i');
  expect(first.output.match(reported())).toEqual(['reporter :1:14 1 true', 'Tests:       2 passed, 2 total']);
  const files = kept().map((file) => readFileSync(file));
  // The package's own code, Jest's …
  expect(files.length).toBeGreaterThan(1);
  const second = jest('-i');
  expect(second.output.match(reported())).toEqual(first.output.match(reported()));
  expect(kept().map((file) => readFileSync(file).length)).toEqual(files.map(({ length }) => length));
  expect(first.output + second.output).not.toContain('loader left changed');
});

test('damaged code of modules is not used', () => {
  const { jest, kept } = wrappedProject();
  jest('-i');
  for (const file of kept()) {
    const content = readFileSync(file);
    // Not the index before them, and hardly a header by which V8 sees that something is wrong.
    for (let offset = content.length >> 2; offset < content.length; offset += 499)
      content[offset] = ~(content[offset] as number);
    writeFileSync(file, content);
  }
  expect(jest('-i')).toMatchObject({ status: 0, output: expect.stringContaining('2 passed, 2 total') });
});

test('workers keep what they load, and the option fast: false keeps nothing', () => {
  const { jest, kept, write, cache } = wrappedProject();
  // Node itself keeps a file for each module, in folders of its own.
  const names = () => kept().flatMap((file) => (file.endsWith('.code') ? [basename(file)] : []));
  expect(jest('-w', '2').status).toBe(0);
  const ofRun = names();
  expect(ofRun).toHaveLength(3);
  expect(jest('-w', '2').output).toContain('2 passed, 2 total');
  expect(names()).toEqual(ofRun);
  rmSync(cache, { recursive: true });
  write(
    'jest.config.cjs',
    `module.exports = require('jest-runner-hardware').withHardware({ transform: {} }, { fast: false });`,
  );
  expect(jest('-w', '2').status).toBe(0);
  expect(names()).toEqual([expect.stringContaining('index')]);
});
