import { type JestRun, runJest } from './harness/jest.js';
import { leaveProjects, useProject } from './harness/project.js';
import { failureOf, statuses } from './harness/results.js';

afterAll(leaveProjects);

describe('docblocks with mistakes', () => {
  let run: JestRun;
  beforeAll(async () => {
    run = await runJest(await useProject('docblocks'), ['-w', '2']);
  });

  test('fail their suite, and no other', () => {
    expect(run.exitCode).toBe(1);
    expect(statuses(run)).toEqual({
      'after-a-licence.test.js': 'failed',
      'contradiction.test.js': 'failed',
      'malformed-size.test.js': 'failed',
      'no-docblock.test.js': 'passed',
      'others-pragmas.test.js': 'passed',
      'prose-under-pragma.test.js': 'failed',
      'unknown-word.test.js': 'failed',
    });
    expect(run.json.numPassedTests).toBe(2);
  });

  test.each([
    ['unknown-word.test.js', 4, ['gppu', 'gpu']],
    ['malformed-size.test.js', 2, ['@min-memory', '2 gigs']],
    ['contradiction.test.js', 3, ['cuda', 'cpu']],
    ['after-a-licence.test.js', 3, ['@hardware']],
    ['prose-under-pragma.test.js', 2, ['because of the kernels']],
  ])('%s: names the line, what was found and what to write', (file, line, words) => {
    const failure = failureOf(run, file);
    expect(failure).toContain(`${file}:${line}`);
    for (const word of words) expect(failure).toContain(word);
    expect(failure).toMatch(/expected:|remedy:/);
    expect(failure).not.toMatch(/^\s+at .*jest-runner-hardware/m);
  });

  test('reporters hear of every suite', () => {
    for (const type of ['file-start', 'file-result']) {
      expect(run.events.filter((event) => event.type === type)).toHaveLength(7);
    }
  });
});

/** Where people who know Jest, or other test tools, put a docblock; its line with `@hardware` is the third. */
const docblock = '/**\n * Needs CUDA.\n * @hardware gpu\n * @backend cuda\n */\n';
const misplaced = {
  'set-timeout': `jest.setTimeout(60000);\n${docblock}test('x', () => {});\n`,
  'environment-variable': `process.env.LOG_LEVEL = '2';\n${docblock}test('x', () => {});\n`,
  mock: `jest.mock('fs');\n${docblock}test('x', () => {});\n`,
  'declared-variable': `let model;\n${docblock}describe('x', () => { test('y', () => {}); });\n`,
  constant: `const a = 1;\n${docblock}describe('x', () => { test('y', () => {}); });\n`,
  'second-test': `test('y', () => {});\n${docblock}test('x', () => {});\n`,
  'in-describe': `describe('z', () => {\n${docblock}test('x', () => {}); });\n`,
  'in-second-describe': `test('y', () => {});describe('z', () => {\n${docblock}test('x', () => {}); });\n`,
  'behind-a-docblock': `/** @cpu 1 */ const a = 1;\n${docblock}test('x', () => {});\n`,
} as const;

describe('pragmas in other comments', () => {
  let run: JestRun;
  beforeAll(async () => {
    const tests = Object.entries(misplaced).map(([name, source]) => [`misplaced/${name}.test.js`, source]);
    const files = {
      ...Object.fromEntries(tests),
      'misplaced/in-strings.test.js': `test('x', () => {\n  \`\n${docblock}\`; });\n`,
    };
    run = await runJest(await useProject('docblocks', { files }), ['-w', '1', 'misplaced']);
  });

  test.each(Object.keys(misplaced))('%s fails, and names the line', (name) => {
    const failure = failureOf(run, `misplaced/${name}.test.js`);
    expect(failure).toContain(`misplaced/${name}.test.js:4`);
    expect(failure).toContain('pragmas hold for the whole file');
    expect(failure).toContain('move it to the top of the file');
  });

  test('in strings they are none', () => {
    expect(run.exitCode).toBe(1);
    expect(statuses(run)['misplaced/in-strings.test.js']).toBe('passed');
    expect(run.json.numPassedTests).toBe(1);
  });
});

describe('words of other tools', () => {
  const files = {
    'feature.test.js': "/**\n * @feature Login page\n * @priority P1\n */\ntest('a', () => {});\n",
    'operation.test.js': "/**\n * @operation delete\n * @precision 2\n */\ntest('b', () => {});\n",
    'beside-ours.test.js': "/**\n * @hardware cpu\n * @feature Login page\n */\ntest('c', () => {});\n",
  };
  const names = Object.keys(files);

  test('are left alone in docblocks without a name of ours', async () => {
    const run = await runJest(await useProject('docblocks', { files }), ['-w', '1', ...names]);
    expect(statuses(run)).toEqual({
      'feature.test.js': 'passed',
      'operation.test.js': 'passed',
      'beside-ours.test.js': 'failed',
    });
    expect(failureOf(run, 'beside-ours.test.js')).toContain('ignorePragmas');
  });

  test('are left alone everywhere when the options say so', async () => {
    const project = await useProject('docblocks', { files, options: { ignorePragmas: ['feature'] } });
    const run = await runJest(project, ['-w', '1', ...names]);
    expect(run.exitCode).toBe(0);
    expect(run.json.numPassedTests).toBe(3);
  });
});

test('a project with another runner is refused for a pragma in any comment, not for words of other tools', async () => {
  const config = `const { withHardware } = require('jest-runner-hardware');
    module.exports = {
      projects: [
        withHardware({ displayName: 'ours', transform: {}, testMatch: ['**/no-docblock.test.js'] }),
        { displayName: 'stock', transform: {}, testMatch: ['**/stock/*.test.js'] },
      ],
      testSequencer: 'jest-runner-hardware/sequencer',
    };`;
  const feature = "/**\n * @feature Login page\n */\ntest('a', () => {});\n";
  const files = { 'jest.config.cjs': config, 'stock/feature.test.js': feature };
  const clean = await runJest(await useProject('docblocks', { runner: 'as-is', files }), ['-w', '1']);
  expect(clean.exitCode).toBe(0);
  const nested = { ...files, 'stock/nested.test.js': misplaced['in-describe'] };
  const run = await runJest(await useProject('docblocks', { runner: 'as-is', files: nested }), ['-w', '1']);
  expect(run.exitCode).toBe(1);
  expect(run.stderr).toMatch(/stock.nested\.test\.js:4.*tagged for hardware/);
  expect(run.stderr).not.toContain('feature.test.js');
});
