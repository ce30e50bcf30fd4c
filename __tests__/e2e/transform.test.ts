import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { packedInstall } from './harness/install.js';
import { runJest } from './harness/jest.js';
import { leaveProjects, type Project, useProject } from './harness/project.js';
import { fates } from './harness/record.js';

afterAll(leaveProjects);

// Jest loads runner, sequencer and reporter through the project's transformer, so Babel may turn them into CommonJS.
const babel = {
  'babel.config.js': `module.exports = { presets: [['@babel/preset-env', { targets: { node: 'current' } }]] };`,
  'cjs.test.js': `test('runs', () => {});`,
  'esm.test.js': `import { join } from 'node:path'; test('is transformed', () => expect(join('a', 'b')).toBe('a/b'));`,
};

const byHand = {
  runner: ['jest-runner-hardware', {}],
  testSequencer: 'jest-runner-hardware/sequencer',
  reporters: ['default', 'jest-runner-hardware/reporter'],
};
const wrapped = (config: object) => `withHardware(${JSON.stringify(config)});`;

/** The same config in each form that Jest reads. */
const forms = {
  JSON: (config: object) => ({ 'jest.config.json': JSON.stringify({ ...config, ...byHand }) }),
  'an ES module': (config: object) => ({
    'jest.config.mjs': `import { withHardware } from 'jest-runner-hardware'; export default ${wrapped(config)}`,
  }),
  CommonJS: (config: object) => ({
    'jest.config.cjs': `const { withHardware } = require('jest-runner-hardware'); module.exports = ${wrapped(config)}`,
  }),
};

const everything = {
  'no ignored paths': { transformIgnorePatterns: [] },
  'a list of packages that are transformed': {
    transformIgnorePatterns: ['/node_modules/(?!(jest-|lodash-es))'],
  },
  'CommonJS files too': { transformIgnorePatterns: [], transform: { '\\.c?[jt]sx?$': 'babel-jest' } },
};

// Which files are transformed depends on the list, and how they are loaded on the form: not all pairs are needed.
test.each([
  ['no ignored paths', 'JSON'],
  ['no ignored paths', 'an ES module'],
  ['no ignored paths', 'CommonJS'],
  ['a list of packages that are transformed', 'an ES module'],
  ['CommonJS files too', 'JSON'],
  ['CommonJS files too', 'CommonJS'],
] as const)('a transformer that reaches this package: %s, config as %s', async (list, form) => {
  const project = await useProject('config', {
    runner: 'as-is',
    files: { ...babel, ...forms[form](everything[list]) },
  });
  await expectToRun(project, form === 'CommonJS' ? ['-w', '2'] : ['-i']);
});

test.each(Object.entries(forms))('a package that is linked, config as %s', async (form, files) => {
  const { tarball } = await packedInstall();
  const project = await useProject('config', { runner: 'as-is', files: { ...babel, ...files({}) } });
  const inside = (path: string) => join(project.directory, path);
  mkdirSync(inside('packages/jest-runner-hardware'), { recursive: true });
  mkdirSync(inside('node_modules'));
  const target = inside('packages/jest-runner-hardware');
  execFileSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
  symlinkSync('../packages/jest-runner-hardware', inside('node_modules/jest-runner-hardware'));
  await expectToRun(project, form === 'CommonJS' ? ['-w', '2'] : ['-i']);
});

async function expectToRun(project: Project, how: readonly string[]): Promise<void> {
  // A cached transform of an earlier run would hide what Babel does.
  const run = await runJest(project, [...how, '--no-cache', '--testPathPatterns', 'cjs|esm']);
  expect(run.stderr).toContain('Tests:       2 passed, 2 total');
  expect(run.exitCode).toBe(0);
  expect(fates(run.record)).toEqual({ 'cjs.test.js': 'passed', 'esm.test.js': 'passed' });
  expect(run.stderr).toContain('Hardware ');
}
