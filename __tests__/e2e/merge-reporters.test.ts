import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './harness/command.js';
import { runJest } from './harness/jest.js';
import { leaveProjects, type Project, useProject } from './harness/project.js';

afterAll(leaveProjects);

/** Writes down every call with what it is told, without what differs from run to run. */
const recorder = `const { appendFileSync } = require('node:fs');
const { join, relative } = require('node:path');
const volatile = new Set(['duration', 'startAt', 'startedAt', 'startTime', 'testExecError', 'snapshot']);
const hooks = ['onRunStart', 'onTestFileStart', 'onTestCaseStart', 'onTestCaseResult', 'onTestFileResult', 'onRunComplete'];
class Recorder {
  constructor({ rootDir }, options) {
    this.rootDir = rootDir;
    this.write('constructor', undefined, options);
  }
  write(hook, path, value) {
    const plain = JSON.stringify(value, (key, each) => (volatile.has(key) || each === null ? undefined : key === 'perfStats' ? each.end >= each.start : each));
    const suite = path && relative(this.rootDir, path);
    appendFileSync(join(this.rootDir, 'calls.jsonl'), JSON.stringify({ hook, suite, value: JSON.parse(plain) }) + '\\n');
  }
}
for (const hook of hooks) {
  Recorder.prototype[hook] = async function (first, second, third) {
    await new Promise((resolve) => setImmediate(resolve));
    const { path, context } = first;
    if (path === undefined) {
      const results = hook === 'onRunComplete' ? second : first;
      const { testResults, ...sums } = results;
      return this.write(hook, undefined, { ...sums, results: testResults.length, added: results.snapshot.added });
    }
    this.write(hook, path, { hasTests: context.hasteFS.exists(path), root: context.config.rootDir, value: second });
  };
}
module.exports = Recorder;
`;

/** Suites of every kind that Jest tells apart. */
const suites = {
  'test/passes.test.js': `describe('group', () => { test('one', () => {}); test('two', () => expect('x').toMatchSnapshot()); });`,
  'test/fails.test.js': `test('is equal', () => expect({ a: 1 }).toEqual({ a: 2 })); test('throws', () => { throw new Error('<no> & "yes"'); });`,
  'test/some.test.js': `test('runs', () => {}); test.skip('does not', () => {}); test.todo('is to come');`,
  'test/skipped.test.js': `describe.skip('none', () => { test('of these', () => {}); });`,
  'test/broken.test.js': `throw new Error('while it is loaded');`,
  'test/afterwards.test.js': `test('passes', () => {}); afterAll(() => { throw new Error('afterwards'); });`,
};

interface Call {
  readonly hook: string;
  readonly suite?: string;
  readonly value: unknown;
}

function takeCalls({ directory }: Project): readonly Call[] {
  const path = join(directory, 'calls.jsonl');
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  rmSync(path);
  return lines.map((line) => JSON.parse(line) as Call);
}

/** Runs both shards, and keeps of each what CI would. */
async function runShards(project: Project): Promise<void> {
  for (const index of [1, 2]) {
    const { json } = await runJest(project, [`--shard=${index}/2`, '-i']);
    const folder = join(project.directory, 'artefacts', String(index));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'results.json'), JSON.stringify(json));
  }
}

const read = ({ directory }: Project, path: string) => readFileSync(join(directory, path), 'utf8');
const merge = (project: Project, ...args: readonly string[]) =>
  command(project, 'merge', ...args, 'artefacts', '.jest-hardware', '--output', 'merged');

/** In the order of their names, without what differs from run to run, and the stack of a hook, which `--json` cuts. */
function junitSuites(xml: string): readonly string[] {
  return xml
    .replace(/ (?:time|timestamp)="[^"]*"/g, '')
    .replace(/<failure>.*afterwards.*<\/failure>/g, '<failure/>')
    .split(/(?=<testsuite )/)
    .slice(1)
    .map((suite) => suite.replace('</testsuites>', '').trim())
    .sort();
}

test('reporters are told of the merged run what they are told of a whole one', async () => {
  const reporters = ['default', ['<rootDir>/recorder.cjs', { color: 'blue' }]];
  const project = await useProject('bare', {
    config: { reporters },
    files: { ...suites, 'recorder.cjs': recorder },
  });
  await runJest(project, ['-i', '--ci=false']);
  const whole = takeCalls(project);
  rmSync(join(project.directory, 'test/__snapshots__'), { recursive: true });
  await runShards(project);
  takeCalls(project);
  const merged = await merge(project, '--reporters');
  expect(merged.exitCode).toBe(1);
  const calls = takeCalls(project);
  const ofSuites = (each: readonly Call[]) =>
    Object.keys(suites).map((path) => each.filter(({ suite }) => suite === path));
  expect(ofSuites(calls)).toEqual(ofSuites(whole));
  const ofRun = (each: readonly Call[]) => each.filter(({ suite }) => suite === undefined);
  expect(ofRun(calls)).toEqual(ofRun(whole));
  expect(calls.at(-1)?.hook).toBe('onRunComplete');
});

test('what reporters of others write of a merged run is what they write of a whole one', async () => {
  const reporters = [
    ['jest-junit', { outputDirectory: 'reports', outputName: 'of-jest-junit.xml', addFileAttribute: 'true' }],
    ['jest-html-reporter', { outputPath: 'reports/tests.html' }],
  ];
  const project = await useProject('bare', { config: { reporters }, files: suites });
  await runJest(project, ['-i', '--ci=false']);
  const whole = read(project, 'reports/of-jest-junit.xml');
  await runShards(project);
  const one = read(project, 'reports/of-jest-junit.xml');
  rmSync(join(project.directory, 'reports'), { recursive: true });
  const { stdout } = await merge(project, '--reporters');
  expect(stdout).toMatch(/^told the reporters jest-junit, jest-html-reporter/m);
  const merged = read(project, 'reports/of-jest-junit.xml');
  expect(junitSuites(one)).not.toEqual(junitSuites(whole));
  expect(junitSuites(merged)).toEqual(junitSuites(whole));
  expect(/<testsuites [^>]*/.exec(merged)?.[0].replace(/ time=".*/, '')).toBe(
    /<testsuites [^>]*/.exec(whole)?.[0].replace(/ time=".*/, ''),
  );
  const html = read(project, 'reports/tests.html');
  for (const path of Object.keys(suites)) expect(html).toContain(path);

  // Of two, the one that is named, with its options.
  rmSync(join(project.directory, 'reports'), { recursive: true });
  await merge(project, '--reporters=jest-junit');
  expect(junitSuites(read(project, 'reports/of-jest-junit.xml'))).toEqual(junitSuites(whole));
  expect(existsSync(join(project.directory, 'reports/tests.html'))).toBe(false);

  // Jest's own print, when they are named.
  const printed = await merge(project, '--reporters=default');
  const output = printed.stdout + printed.stderr;
  expect(output).toMatch(/FAIL test\/fails\.test\.js[\s\S]*PASS test\/passes\.test\.js/);
  expect(output).toMatch(
    /Test Suites: 3 failed, 1 skipped, 2 passed, 5 of 6 total\nTests: +2 failed, 2 skipped, 1 todo, 4 passed, 9 total\nSnapshots: +1 passed, 1 total/,
  );
});

test('a reporter that fails is named, fails the merge, and leaves the others alone', async () => {
  const throwing = (method: string) =>
    `module.exports = class { ${method}() { throw new Error('${method} broke'); } };`;
  const project = await useProject('bare', {
    config: { reporters: [] },
    files: {
      'test/passes.test.js': `test('one', () => {});`,
      'test/too.test.js': `test('two', () => {});`,
      'early.cjs': throwing('onTestResult'),
      'late.cjs': `module.exports = class { getLastError() { return new Error('nothing was sent'); } };`,
      'damaged.cjs': `throw new Error('cannot be loaded');`,
      'recorder.cjs': recorder,
      'fine.mjs': `export default class { async onRunComplete() { console.log('an ES module is told'); } }`,
    },
  });
  await runShards(project);
  const named = ['early', 'late', 'damaged', 'recorder'].map((name) => `<rootDir>/${name}.cjs`);
  const { exitCode, stdout, stderr } = await merge(project, `--reporters=${named},./fine.mjs`);
  expect(exitCode).toBe(1);
  expect(
    stderr.match(/reporter .*early\.cjs threw in onTestResult: Error: onTestResult broke/g),
  ).toHaveLength(1);
  expect(stderr).toMatch(/reporter .*late\.cjs: nothing was sent/);
  expect(stderr).toMatch(/reporter .*damaged\.cjs cannot be loaded: Error: cannot be loaded/);
  expect(stdout).toContain('an ES module is told');
  expect(takeCalls(project).map(({ hook }) => hook)).toEqual([
    'constructor',
    'onRunStart',
    ...Array(2).fill(['onTestFileStart', 'onTestCaseStart', 'onTestCaseResult', 'onTestFileResult']).flat(),
    'onRunComplete',
  ]);
  expect(await merge(project, '--reporters=./fine.mjs')).toMatchObject({ exitCode: 0, stderr: '' });
});

test('what reporters need and is not there is said before anything is written', async () => {
  const tests = [1, 2, 3, 4].map((n) => [`test/${n}.test.js`, `test('is', () => {});`]);
  const config = `const { withHardware } = require('jest-runner-hardware');
    module.exports = withHardware({ transform: {}, reporters: ['default'] });`;
  const files = { ...Object.fromEntries(tests), 'jest.config.cjs': config };
  const project = await useProject('bare', { runner: 'as-is', files });
  await runShards(project);
  const refused = async (text: string, ...args: readonly string[]) => {
    const done = await merge(project, ...args);
    expect(done).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(text) });
    expect(existsSync(join(project.directory, 'merged'))).toBe(false);
  };
  await refused('the Jest config has no reporter for `--reporters`', '--reporters');
  await refused('there is no reporter `jest-unit`', '--reporters=jest-unit');
  await refused('`--reporters` needs a value', '--reporters=');
  writeFileSync(join(project.directory, 'artefacts/copy.json'), read(project, 'artefacts/1/results.json'));
  await refused('there are 2 results of one suite', '--reporters=default');
  for (const path of ['copy.json', '2/results.json']) rmSync(join(project.directory, 'artefacts', path));
  await refused('2 suites have none: test/', '--reporters=default');
});

test('a result is of the project that ran it, also where two projects have one file', async () => {
  const project = await useProject('bare', {
    config: {
      reporters: ['<rootDir>/names.cjs'],
      projects: ['node', 'too'].map((displayName) => ({
        displayName,
        testMatch: ['<rootDir>/test/*.js', `<rootDir>/${displayName}/*.js`],
        globals: { here: displayName },
      })),
    },
    files: {
      'test/both.test.js': `test('is ' + here, () => {});`,
      'node/a.test.js': `test('is ' + here, () => {});`,
      'too/b.test.js': `test('is ' + here, () => {});`,
      'names.cjs': `const { appendFileSync } = require('node:fs');
        module.exports = class {
          onTestResult({ context }, { displayName, testResults }) {
            appendFileSync(__dirname + '/names.txt', [context.config.displayName.name, displayName.name, testResults[0].title].join(' ') + '\\n');
          }
        };`,
    },
  });
  await runShards(project);
  rmSync(join(project.directory, 'names.txt'));
  expect((await merge(project, '--reporters')).exitCode).toBe(0);
  expect(read(project, 'names.txt').trim().split('\n').sort()).toEqual([
    'node node is node',
    'node node is node',
    'too too is too',
    'too too is too',
  ]);
});
