import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runJest } from './harness/jest.js';
import { leaveMachines, placesOf, useMachine } from './harness/machine.js';
import { testWithSsh } from './harness/ssh-server.js';

afterAll(leaveMachines);

const gpuSuite = (body: string) => `/** @hardware gpu */\n${body}\n`;
const snapshot = gpuSuite("test('file', () => expect({ a: 1 }).toMatchSnapshot());");

testWithSsh('a config that differs there is named, and flags are no difference', async () => {
  const project = await useMachine({
    files: {
      'jest.config.cjs':
        'module.exports = { transform: {}, testEnvironmentOptions: { here: process.env.FOR_HERE } };',
      'gpu.test.js': gpuSuite("test('passes', () => {});"),
    },
  });
  const other = await runJest(project, ['--testTimeout=4000'], { env: { FOR_HERE: 'yes' } });
  expect(other.stderr).toContain(
    'jest-runner-hardware: gpu-box: its Jest config has another testEnvironmentOptions\n',
  );
  const equal = await runJest(project, ['--testTimeout=4000']);
  expect(equal.stderr).toContain('1 passed');
  expect(equal.stderr).not.toContain('Jest config');
});

testWithSsh('a package of a repository, where Jest was started in it and where it was not', async () => {
  const project = await useMachine({ files: { 'top.js': "module.exports = 'top';" } });
  const directory = join(project.directory, 'packages/a');
  mkdirSync(directory, { recursive: true });
  // The config of the project is the one of its package.
  for (const file of ['jest.config.mjs', 'stock.config.cjs', 'package.json'])
    writeFileSync(join(directory, file), readFileSync(join(project.directory, file)));
  writeFileSync(
    join(directory, 'gpu.test.js'),
    gpuSuite(`test('there', () => {
      expect(process.cwd()).toMatch(/checkout-1\\/packages\\/a$/);
      expect(require('../../top')).toBe('here');
    });`),
  );
  const inside = await runJest({ ...project, directory }, []);
  expect(placesOf(inside.record)).toEqual({ 'gpu.test.js': 'gpu-box/gpu0' });
  expect(inside.stderr).toContain('at Object.<anonymous> (gpu.test.js:4:');
  expect(inside.stderr).toContain('Received: "top"');
  const above = await runJest(project, ['--config', 'packages/a/jest.config.mjs']);
  expect(above.stderr).toMatch(/gpu-box\/gpu0 +Test GPU +8 GiB +1 +1 /);
  expect(above.stderr).toContain('FAIL packages/a/gpu.test.js');
});

testWithSsh('a snapshot outside of the repository is refused', async () => {
  const project = await useMachine({
    files: {
      'jest.config.cjs': "module.exports = { transform: {}, snapshotResolver: './resolver.cjs' };",
      'resolver.cjs': `const { join } = require('node:path');
        module.exports = { testPathForConsistencyCheck: __dirname + '/some.test.js',
          resolveSnapshotPath: (test, extension) => test.replace(__dirname, join(__dirname, '../outside')) + extension,
          resolveTestPath: (path, extension) => path.slice(0, -extension.length).replace(join(__dirname, '../outside'), __dirname) };`,
      'gpu.test.js': snapshot,
    },
  });
  const outside = join(dirname(project.directory), 'outside');
  rmSync(outside, { recursive: true, force: true });
  const run = await runJest(project, ['--ci=false']);
  expect(run.stderr).toContain(
    'outside/gpu.test.js.snap was changed there and not here: it lies outside of the repository',
  );
  expect(existsSync(outside)).toBe(false);
});

testWithSsh('snapshots where the project wants them, and a link that leads elsewhere', async () => {
  const project = await useMachine({
    files: {
      'jest.config.cjs': "module.exports = { transform: {}, snapshotResolver: './resolver.cjs' };",
      'resolver.cjs': `module.exports = { testPathForConsistencyCheck: __dirname + '/some.test.js',
          resolveSnapshotPath: (test, extension) => test.replace(__dirname, __dirname + '/snaps') + extension,
          resolveTestPath: (path, extension) => path.slice(0, -extension.length).replace(__dirname + '/snaps', __dirname) };`,
      'gpu.test.js': snapshot,
    },
  });
  await runJest(project, ['--ci=false']);
  expect(readFileSync(join(project.directory, 'snaps/gpu.test.js.snap'), 'utf8')).toContain('"a": 1');

  const elsewhere = join(dirname(project.directory), 'elsewhere');
  rmSync(elsewhere, { recursive: true, force: true });
  mkdirSync(elsewhere);
  rmSync(join(project.directory, 'snaps'), { recursive: true });
  symlinkSync(elsewhere, join(project.directory, 'snaps'));
  const run = await runJest(project, ['--ci=false']);
  expect(run.stderr).toContain('a symbolic link leads elsewhere');
});

testWithSsh('projects of another runner stay here', async () => {
  const project = await useMachine({
    files: {
      'jest.config.cjs': `module.exports = { projects: [
        { displayName: 'ours', transform: {}, testMatch: ['**/gpu.test.js'] },
        { displayName: 'theirs', transform: {}, runner: 'jest-runner', testMatch: ['**/other.test.js'] } ] };`,
      'gpu.test.js': gpuSuite("test('there', () => expect(process.cwd()).toContain('checkout-1'));"),
      'other.test.js': "test('here', () => expect(process.cwd()).not.toContain('checkout-1'));",
    },
  });
  const run = await runJest(project, []);
  expect(run.stderr).toContain('Tests:       2 passed, 2 total');
  expect(run.stderr.match(/PASS/g)).toHaveLength(2);
});

testWithSsh('a config that names the runner by hand', async () => {
  const project = await useMachine({ files: { 'gpu.test.js': gpuSuite("test('there', () => {});") } });
  const written = readFileSync(join(project.directory, 'jest.config.mjs'), 'utf8');
  const options = /withHardware\(config, (.*)\);/s.exec(written)?.[1] ?? '';
  writeFileSync(
    join(project.directory, 'jest.config.mjs'),
    `export default { transform: {}, onlyChanged: false, runner: ['jest-runner-hardware', ${options}],
      testSequencer: 'jest-runner-hardware/sequencer' };`,
  );
  const run = await runJest(project, []);
  expect(placesOf(run.record)).toEqual({ 'gpu.test.js': 'gpu-box/gpu0' });
  expect(run.stderr.match(/Test Suites:/g)).toHaveLength(1);
  expect(run.stderr.match(/Ran all test suites/g)).toHaveLength(1);
});

testWithSsh('only what changed, where the config asks for it', async () => {
  const project = await useMachine({
    config: { onlyChanged: true, detectOpenHandles: true, notify: false },
    files: { 'gpu.test.js': gpuSuite("test('there', () => {});") },
  });
  writeFileSync(join(project.directory, 'gpu.test.js'), gpuSuite("test('changed', () => {});"));
  const run = await runJest(project, []);
  expect(run.stderr).toContain('1 passed');
});
