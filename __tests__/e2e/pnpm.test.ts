import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { packedInstall } from './harness/install.js';
import { runNode } from './harness/jest.js';
import { leaveProjects, useProject } from './harness/project.js';
import { fates, readRecords } from './harness/record.js';

afterAll(leaveProjects);

/** The oldest that the peer range allows; pnpm gives us the newest packages of Jest that our own ranges allow. */
const oldestJest = '30.4.1';

// pnpm gives a package only what it declares: a dependency that we forgot is not found. Needs the npm registry.
test('the packed package works where pnpm installed it', async () => {
  const { root, tarball } = await packedInstall();
  const project = await useProject('config', {
    runner: 'as-is',
    files: {
      'package.json': JSON.stringify({
        name: 'pnpm-project',
        private: true,
        devDependencies: { jest: oldestJest, 'jest-runner-hardware': `file:${tarball}` },
      }),
      'pnpm-workspace.yaml': 'packages: []\n',
      'jest.config.cjs': `const { withHardware } = require('jest-runner-hardware');
        module.exports = withHardware({ transform: {} });`,
      'environment.test.js': `/** @jest-environment jest-runner-hardware/environment */
        const { placement } = require('jest-runner-hardware/placement');
        test('knows its device', () => expect(placement.device.id).toBe('cpu'));`,
      'environment.cjs': `const { TestEnvironment } = require('jest-environment-node');
        module.exports = class extends TestEnvironment {
          constructor(config, context) {
            super(config, context);
            this.global.loaded = Object.keys(require.cache);
          }
        };`,
      'versions.test.js': `/** @jest-environment ./environment.cjs */
        test('Jest of one version', () => {
          const paths = loaded.filter((path) => /jest-(runner|runtime|resolve|haste-map)@/.test(path));
          expect(paths.length).toBeGreaterThan(0);
          expect(paths.filter((path) => !path.includes('@${oldestJest}'))).toEqual([]);
        });`,
    },
  });
  // The links above the copy must not help out.
  const store = join(root, '../pnpm-store');
  execFileSync('npx', ['--yes', 'pnpm@10', 'install', '--store-dir', store, '--ignore-scripts', '--silent'], {
    cwd: project.directory,
    stdio: 'pipe',
  });
  const run = await runNode(project, () => join(project.directory, 'node_modules/jest/bin/jest.js'), [
    '-w',
    '2',
  ]);
  expect(run.stderr).toContain('Tests:       4 passed, 4 total');
  expect(run.exitCode).toBe(0);
  expect(Object.values(fates(readRecords(join(project.directory, '.jest-hardware')).at(-1) ?? []))).toEqual([
    'passed',
    'passed',
    'passed',
    'passed',
  ]);
}, 300_000);
