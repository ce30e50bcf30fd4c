import type { Config } from '@jest/types';
import { configDifferences } from '../../../src/jest/remote/config-differences.js';

const config = (values: object) => ({ rootDir: '/a', ...values }) as Config.ProjectConfig;

test('keys that differ are named, by project where there are several', () => {
  const here = config({ testEnvironmentOptions: { a: 1 }, globals: {} });
  const there = config({ testEnvironmentOptions: { a: 2 }, globals: { b: 1 } });
  expect(configDifferences([here], [there])).toEqual([
    'its Jest config has another globals, testEnvironmentOptions',
  ]);
  const named = config({ displayName: { name: 'x', color: 'white' }, globals: {} });
  expect(configDifferences([named, here], [{ ...named, globals: { b: 1 } }, here])).toEqual([
    'its Jest config of project x has another globals',
  ]);
});

test('packages elsewhere, flags, and what names the machine are no difference', () => {
  expect(
    configDifferences(
      [
        config({
          id: '1',
          testTimeout: 5,
          testEnvironment: '/a/node_modules/jest-environment-node/build/index.js',
        }),
      ],
      [
        config({
          id: '2',
          testTimeout: 6,
          testEnvironment: '/opt/node_modules/jest-environment-node/build/index.js',
        }),
      ],
    ),
  ).toEqual([]);
});

test('another number of projects', () => {
  expect(configDifferences([config({}), config({})], [config({})])).toEqual([
    'Jest there finds 1 project, and 2 here',
  ]);
});
