import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packedInstall } from './harness/install.js';
import { leaveProjects, useProject } from './harness/project.js';
import { fates, readRecords } from './harness/record.js';

afterAll(leaveProjects);

const forms = {
  'jest.config.cjs': `const { withHardware } = require('jest-runner-hardware');
    module.exports = withHardware({ transform: {} });`,
  'jest.config.mjs': `import { withHardware } from 'jest-runner-hardware';
    export default withHardware({ transform: {} });`,
};

// Yarn keeps packages in archives and has no node_modules: what we do not declare, or load in a way that its hooks do
// not follow, is not found. Needs the npm registry.
test("the packed package works under Yarn's Plug'n'Play", async () => {
  const { tarball } = await packedInstall();
  const project = await useProject('config', {
    runner: 'as-is',
    files: {
      'package.json': JSON.stringify({
        name: 'pnp-project',
        private: true,
        devDependencies: { jest: '^30.4.1', 'jest-runner-hardware': `file:${tarball}` },
      }),
      'yarn.lock': '',
      '.yarnrc.yml':
        'nodeLinker: pnp\nenableGlobalCache: true\nenableScripts: false\nenableTelemetry: false\n',
      'environment.test.js': `/** @jest-environment jest-runner-hardware/environment */
        const { placement } = require('jest-runner-hardware/placement');
        test('knows its device', () => expect(placement.device.id).toBe('cpu'));`,
      'other.test.js': `test('runs', () => {});`,
    },
  });
  const { NODE_OPTIONS: _ours, ...env } = process.env;
  const yarn = (...args: string[]) =>
    execFileSync('npx', ['--yes', '--package', '@yarnpkg/cli-dist@4', 'yarn', ...args], {
      cwd: project.directory,
      env: { ...env, YARN_ENABLE_IMMUTABLE_INSTALLS: 'false' },
      stdio: 'pipe',
      encoding: 'utf8',
    });
  yarn('install');
  expect(existsSync(join(project.directory, 'node_modules'))).toBe(false);
  for (const [file, content] of Object.entries(forms)) {
    writeFileSync(join(project.directory, file), content);
    yarn('jest', '-w', '2', '--testPathPatterns', 'environment|other');
    rmSync(join(project.directory, file));
    const record = readRecords(join(project.directory, '.jest-hardware')).at(-1) ?? [];
    expect(fates(record)).toEqual({ 'environment.test.js': 'passed', 'other.test.js': 'passed' });
  }
  writeFileSync(join(project.directory, 'jest.config.cjs'), forms['jest.config.cjs']);
  expect(yarn('jest-runner-hardware', 'plan', '--shards', '2')).toContain('1/2');
}, 300_000);
