import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runJest } from './harness/jest.js';
import { cacheOf, leaveProjects, useProject } from './harness/project.js';

afterAll(leaveProjects);

const environment = `const { TestEnvironment } = require('jest-environment-node');
  module.exports = class extends TestEnvironment {
    constructor(config, context) { super(config, context); this.global.projectConfig = config.projectConfig; }
  };`;

const config = `
  const config = {
    transform: { '\\\\.js$': '<rootDir>/transformer.cjs' },
    testEnvironment: '<rootDir>/environment.cjs',
    globalSetup: '<rootDir>/setup.js',
    collectCoverageFrom: ['src/*.js'],
    coverageReporters: ['json'],
  };
  module.exports = process.env.STOCK
    ? config
    : require('jest-runner-hardware').withHardware(config, JSON.parse(process.env.OPTIONS));`;

// Jest hashes the whole project config into the key of its cache: options of ours must not be in it.
test('the transform cache holds when options change, and is that of stock Jest', async () => {
  const project = await useProject('config', {
    runner: 'as-is',
    files: {
      'jest.config.cjs': config,
      'environment.cjs': environment,
      'setup.js': 'module.exports = () => {};',
      'src/loaded.js': 'exports.one = 1;',
      'src/unloaded.js': 'exports.two = 2;',
      'transformer.cjs': `const { appendFileSync } = require('node:fs');
        module.exports = { process(code, path) {
          appendFileSync(__dirname + '/transformed.log', path.slice(__dirname.length + 1) + '\\n');
          return { code };
        } };`,
      'a.test.js': `test('sees a stock config', () => {
        expect(require('./src/loaded').one).toBe(1);
        expect(projectConfig.runner).toMatch(/jest-runner.build.index\\.js$/);
        expect(projectConfig.runnerOptions).toEqual({});
      });`,
      'b.test.js': `test('b', () => {});`,
    },
  });
  rmSync(cacheOf(project.directory), { recursive: true, force: true });
  const log = join(project.directory, 'transformed.log');
  const transformed = async (env: Record<string, string>, ...args: string[]) => {
    rmSync(log, { force: true });
    const { exitCode, stderr } = await runJest(project, ['a.test', 'b.test', '--coverage', ...args], { env });
    expect(`${exitCode} ${exitCode === 0 ? '' : stderr}`).toBe('0 ');
    try {
      return readFileSync(log, 'utf8').trim().split('\n').sort();
    } catch {
      return [];
    }
  };
  const all = ['a.test.js', 'b.test.js', 'setup.js', 'src/loaded.js', 'src/unloaded.js'];
  expect(await transformed({ STOCK: '1' }, '-w2')).toEqual(all);
  // What Jest's own process transforms knows our runner, and nothing of its options.
  const first = await transformed({ OPTIONS: '{}' }, '-w2');
  expect(first).toEqual(['setup.js', 'src/unloaded.js']);
  const changed = { OPTIONS: '{"strategy":"pull","history":false}' };
  expect(await transformed(changed, '-w2')).toEqual([]);
  expect(await transformed({ OPTIONS: '{}' }, '-i')).toEqual([]);
});
