import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runJest } from './harness/jest.js';
import { leaveProjects, useProject } from './harness/project.js';
import { fates } from './harness/record.js';
import { typeErrors } from './harness/types.js';

afterAll(leaveProjects);

const esmPackage = { 'package.json': '{ "name": "config-project", "private": true, "type": "module" }' };
const tsconfig = (module: string, moduleResolution: string) =>
  JSON.stringify({
    compilerOptions: {
      target: 'es2022',
      lib: ['es2022'],
      module,
      moduleResolution,
      strict: true,
      noEmit: true,
      types: [],
    },
  });
const byHand = `{
  transform: {},
  runner: ['jest-runner-hardware', { unsatisfiable: 'skip' }],
  testSequencer: 'jest-runner-hardware/sequencer',
  reporters: ['default', 'jest-runner-hardware/reporter'],
}`;

const forms: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'CommonJS, withHardware': {
    'jest.config.cjs': `const { withHardware } = require('jest-runner-hardware');
      module.exports = withHardware({ transform: {} }, { unsatisfiable: 'skip' });`,
  },
  'ES module, withHardware': {
    'jest.config.mjs': `import { withHardware } from 'jest-runner-hardware';
      export default withHardware({ transform: {} });`,
  },
  'ES module in an ESM package, by a function': {
    ...esmPackage,
    'jest.config.js': `import { withHardware } from 'jest-runner-hardware';
      export default withHardware(() => ({ transform: {}, testMatch: ['**/first.test.js', '**/second.test.js'] }));`,
  },
  'an async function': {
    'jest.config.cjs': `const { withHardware } = require('jest-runner-hardware');
      module.exports = withHardware(async () => ({ transform: {} }), { strategy: 'round-robin' });`,
  },
  'three lines by hand': { 'jest.config.cjs': `module.exports = ${byHand};` },
  'three lines by hand in JSON': {
    'jest.config.json': JSON.stringify({
      transform: {},
      runner: 'jest-runner-hardware',
      testSequencer: 'jest-runner-hardware/sequencer',
      reporters: ['default', 'jest-runner-hardware/reporter'],
    }),
  },
  "the short name, runner: 'hardware'": {
    'jest.config.cjs': `module.exports = { transform: {}, runner: 'hardware', testSequencer: 'jest-runner-hardware/sequencer',
      reporters: ['default', 'jest-runner-hardware/reporter'] };`,
  },
  'TypeScript in a CommonJS package': {
    'tsconfig.json': tsconfig('nodenext', 'nodenext'),
    'jest.config.ts': `import type { Config } from 'jest';
      import { withHardware } from 'jest-runner-hardware';
      const config: Config = { transform: {} };
      export default withHardware(config, { unsatisfiable: 'skip' });`,
  },
};

describe('the packed package works with a config in this form', () => {
  test.each(Object.keys(forms))('%s', async (form) => {
    const project = await useProject('config', { runner: 'as-is', files: forms[form] ?? {} });
    const run = await runJest(project, ['-i']);
    expect(run.stderr).toContain('Tests:       2 passed, 2 total');
    expect(run.exitCode).toBe(0);
    expect(fates(run.record)).toEqual({ 'first.test.js': 'passed', 'second.test.js': 'passed' });
    // Our reporter is there: the section that names the machine's CPU.
    expect(run.stderr.slice(run.stderr.indexOf('Ran all test suites'))).toMatch(/\bcpu\b/);
  });
});

describe('types resolve', () => {
  const source = `import { withHardware } from 'jest-runner-hardware';
    import HardwareSequencer from 'jest-runner-hardware/sequencer';
    import HardwareReporter from 'jest-runner-hardware/reporter';
    export default withHardware({ verbose: true }, { unsatisfiable: 'skip', requireExecuted: ['gpu'] });
    export const entries = [HardwareSequencer, HardwareReporter];
    // @ts-expect-error: not an option
    withHardware({}, { unsatisfiabel: 'skip' });`;
  const inTests = `import { placement } from 'jest-runner-hardware/placement';
    export const device: string | undefined = placement.device?.class;`;
  const commonJs = { 'placement.ts': inTests };
  const both = { 'use.ts': source, 'placement.ts': inTests };
  test.each([
    ['bundler resolution', { ...both, 'tsconfig.json': tsconfig('esnext', 'bundler') }],
    ['nodenext in a CommonJS package', { ...both, 'tsconfig.json': tsconfig('nodenext', 'nodenext') }],
    ['node16 in an ESM package', { ...both, ...esmPackage, 'tsconfig.json': tsconfig('node16', 'node16') }],
    ['module commonjs, in the config', { ...both, 'tsconfig.json': tsconfig('commonjs', 'bundler') }],
    [
      'node16 in a CommonJS package, in tests',
      { ...commonJs, 'tsconfig.json': tsconfig('node16', 'node16') },
    ],
  ])('%s', async (_, files) => {
    const project = await useProject('config', { runner: 'as-is', files });
    expect(typeErrors(project)).toEqual([]);
  });
});

test('a test learns its placement with require, import and TypeScript alike', async () => {
  const project = await useProject('placement');
  const run = await runJest(project, ['-w', '2'], { env: { NODE_OPTIONS: '--experimental-vm-modules' } });
  expect(run.json).toMatchObject({ numPassedTests: 3, numFailedTests: 0, numRuntimeErrorTestSuites: 0 });
});

test('a user’s own sequencer is asked for the order', async () => {
  const files = {
    'jest.config.cjs': `const { withHardware } = require('jest-runner-hardware');
      module.exports = withHardware({ transform: {}, testSequencer: './backwards.cjs' });`,
    'backwards.cjs': `const { default: Sequencer } = require('@jest/test-sequencer');
      module.exports = class extends Sequencer {
        sort(tests) { process.stderr.write('backwards was asked\\n'); return [...tests].sort((a, b) => (a.path < b.path ? 1 : -1)); }
      };`,
  };
  const run = await runJest(await useProject('config', { runner: 'as-is', files }), ['-i']);
  expect(run.exitCode).toBe(0);
  expect(run.stderr).toContain('backwards was asked');
  expect(run.stderr.indexOf('second.test.js')).toBeLessThan(run.stderr.indexOf('first.test.js'));
});

describe('withHardware reaches every project', () => {
  const tagged = '/** @hardware tpu */\ntest("must not run", () => { throw new Error("ran"); });';

  test('inline projects of one name, each of which has the same files', async () => {
    const one = "{ displayName: 'twin', transform: {}, testMatch: ['<rootDir>/first.test.js'] }";
    const two =
      "{ displayName: 'twin', transform: {}, testMatch: ['<rootDir>/first.test.js'], verbose: true }";
    const files = {
      'jest.config.cjs': `const { withHardware } = require('jest-runner-hardware');
        module.exports = withHardware({ projects: [${one}, ${two}] });`,
    };
    const run = await runJest(await useProject('config', { runner: 'as-is', files }), ['-w', '2']);
    expect(run.json).toMatchObject({ success: true, numPassedTests: 2 });
    expect(fates(run.record)).toEqual({
      'twin 1 › first.test.js': 'passed',
      'twin 2 › first.test.js': 'passed',
    });
  });

  test('inline projects', async () => {
    const files = {
      'inline/tagged.test.js': tagged,
      'jest.config.cjs': `const { withHardware } = require('jest-runner-hardware');
        module.exports = withHardware({ projects: [{ displayName: 'one', transform: {}, testMatch: ['<rootDir>/inline/*.test.js'] },
          { displayName: 'two', transform: {}, testMatch: ['<rootDir>/*.test.js'] }] }, { unsatisfiable: 'skip' });`,
    };
    const run = await runJest(await useProject('config', { runner: 'as-is', files }), ['-w', '2']);
    expect(run.exitCode).toBe(0);
    expect(run.json).toMatchObject({ numPassedTests: 2, numPendingTestSuites: 1 });
    expect(Object.keys(fates(run.record)).sort()).toEqual([
      'one › inline/tagged.test.js',
      'two › first.test.js',
      'two › second.test.js',
    ]);
  });

  test('projects given as paths, without a warning of Jest’s', async () => {
    const wrapped = (config: string) =>
      `module.exports = require('jest-runner-hardware').withHardware(${config}, { unsatisfiable: 'skip' });`;
    const files = {
      'packages/a/first.test.js': 'test("a", () => {});',
      'packages/a/tagged.test.js': tagged,
      'packages/a/jest.config.js': wrapped("{ displayName: 'a', transform: {} }"),
      'packages/b/jest.config.mjs': `import { withHardware } from 'jest-runner-hardware';
        export default withHardware(async () => ({ displayName: 'b', preset: './preset/jest-preset.json' }), { unsatisfiable: 'skip' });`,
      'packages/b/preset/jest-preset.json': '{ "transform": {} }',
      'packages/b/first.test.js': 'test("b", () => {});',
      'jest.config.cjs': wrapped("{ projects: ['<rootDir>/packages/*'] }"),
    };
    const run = await runJest(await useProject('config', { runner: 'as-is', files }), []);
    expect(run.stderr).not.toContain('Validation Warning');
    expect(run.stderr).toMatch(/^Hardware /m);
    expect(run.exitCode).toBe(0);
    expect(Object.keys(fates(run.record)).sort()).toEqual([
      'a › packages/a/first.test.js',
      'a › packages/a/tagged.test.js',
      'b › packages/b/first.test.js',
    ]);
  });

  test('a project given as a path that forgot it fails where a file is tagged', async () => {
    const files = {
      'packages/a/tagged.test.js': tagged,
      'packages/a/jest.config.cjs': 'module.exports = { transform: {} };',
      'jest.config.cjs': `const { withHardware } = require('jest-runner-hardware');
        module.exports = withHardware({ projects: ['<rootDir>/packages/a'] });`,
    };
    const run = await runJest(await useProject('config', { runner: 'as-is', files }), []);
    expect(run.exitCode).not.toBe(0);
    expect(run.stderr).toMatch(/packages\/a\/tagged\.test\.js/);
    expect(run.stderr).toContain('withHardware');
  });
});

test('what Jest checks for its own runner and sequencer alone is checked', async () => {
  const files = {
    'jest.config.cjs': `module.exports = require('jest-runner-hardware').withHardware({
        transform: {}, moduleFileExtensions: ['cjs', 'json'], testMatch: ['**/*.test.js'] });`,
    'shard.config.cjs': `module.exports = require('jest-runner-hardware').withHardware({
        transform: {}, testSequencer: './only-sorts.cjs' });`,
    'only-sorts.cjs': `module.exports = class OnlySorts { sort(tests) { return tests; } cacheResults() {} };`,
  };
  const project = await useProject('config', { runner: 'as-is', files });
  const extensions = await runJest(project, []);
  expect(extensions.exitCode).toBe(1);
  expect(extensions.stderr).toContain("moduleFileExtensions must include 'js'");
  const shard = await runJest(project, ['--config', 'shard.config.cjs', '--shard', '1/2']);
  expect(shard.exitCode).toBe(1);
  expect(shard.stderr).toContain('Shard 1/2 requested, but test sequencer OnlySorts has no shard method.');
});

test('--onlyFailures on a fresh machine: by the history where the options say so', async () => {
  const files = (more: string) => ({
    'first.test.js': "test('fails', () => { throw new Error('no'); });",
    'jest.config.cjs': `module.exports = require('jest-runner-hardware').withHardware({ transform: {} }, { ${more} });`,
  });
  const onlyFailures = ['-i', '--onlyFailures', '--no-cache', '--passWithNoTests'];
  const ran = async (options: string) => {
    const project = await useProject('config', { runner: 'as-is', files: files(options) });
    await runJest(project, ['-i']);
    const { json } = await runJest(project, onlyFailures);
    return json?.numTotalTestSuites ?? 0;
  };
  expect([await ran('failuresFromHistory: true'), await ran('')]).toEqual([1, 0]);
});

test('the output directory is ignored by git by itself', async () => {
  const project = await useProject('config', { runner: 'as-is', files: forms['three lines by hand'] ?? {} });
  await runJest(project, ['-w', '2']);
  expect(existsSync(join(project.directory, '.jest-hardware/.gitignore'))).toBe(true);
});
