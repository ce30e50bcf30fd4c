import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '@jest/types';
import { jestStart } from '../../../src/jest/remote/jest-start.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'parity-start-')));
mkdirSync(join(root, 'packages/a'), { recursive: true });
writeFileSync(join(root, 'jest.a.js'), '');

const config = { rootDir: join(root, 'packages/a'), runTestsByPath: false, nonFlagArgs: [] };

function start(argv: readonly string[], cwd = root, globalConfig: Partial<Config.GlobalConfig> = {}) {
  const { directory, args } = jestStart(argv, cwd, root, {
    ...config,
    ...globalConfig,
  } as unknown as Config.GlobalConfig);
  return {
    directory,
    args: args.filter((arg) => !/^--(pass|watch|coverage=|bail|json|only|detect|notify)/.test(arg)),
  };
}

test.each([
  ['a config by its absolute path', ['-c', join(root, 'jest.a.js'), 'one.test.js'], ['-c', 'jest.a.js']],
  ['a relative one', ['--config=jest.a.js', '-t', 'x'], ['--config=jest.a.js']],
  ['a config as JSON', ['--config={"a":"b=c"}'], ['--config={"a":"b=c"}']],
  ['values up to the next flag', ['--setupFiles', './a', './b', '--ci', 'x'], ['--setupFiles', './a', './b']],
  ['either spelling', ['--root-dir', '.', '--testMatch=**/x'], ['--root-dir', '.', '--testMatch=**/x']],
  ['names', ['--selectProjects', 'a', 'b'], ['--selectProjects', 'a', 'b']],
  ['nothing of what is decided here', ['-w', '2', '-o', '--shard=1/2', '--reporters=x', '--watch'], []],
])('%s', (_, argv, expected) => {
  expect(start(argv)).toEqual({ directory: '', args: expected });
});

test('a folder of the repository in which Jest was started', () => {
  expect(start(['-c', join(root, 'jest.a.js')], join(root, 'packages/a'))).toEqual({
    directory: 'packages/a',
    args: ['-c', '../../jest.a.js'],
  });
});

test('started outside of the repository, it runs in the root directory', () => {
  expect(start([`--rootDir=${join(root, 'packages/a')}`], tmpdir())).toEqual({
    directory: 'packages/a',
    args: ['--rootDir=.'],
  });
});

test('files by their paths', () => {
  const byPath = { runTestsByPath: true, nonFlagArgs: ['a.js', join(root, 'b.js')] };
  expect(start(['--runTestsByPath', 'a.js', join(root, 'b.js')], root, byPath).args).toEqual([
    '--runTestsByPath',
    'a.js',
    'b.js',
  ]);
});

test('a config outside of the repository is refused', () => {
  expect(() => start(['--config', tmpdir()])).toThrow(
    /--config is outside of the repository, which is all that is sent/,
  );
});
