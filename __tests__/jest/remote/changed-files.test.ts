import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '@jest/types';
import { needsNewStart } from '../../../src/jest/remote/changed-files.js';

const directory = mkdtempSync(join(tmpdir(), 'jrh-changed-'));
afterAll(() => rmSync(directory, { recursive: true }));

const files = {
  'jest.config.mjs': "import './settings/base.mjs';\nexport { default } from './settings/all.mjs';",
  'base.mjs': "await import('./lazily.mjs');",
  'lazily.mjs': '',
  'resolver.cjs': "require('./by-resolver');",
  'by-resolver.js': '',
  'value.js': '',
};
for (const [name, text] of Object.entries(files))
  writeFileSync(join(directory, name), text.replaceAll('./settings/', './'));

const config = {
  rootDir: directory,
  resolver: join(directory, 'resolver.cjs'),
  haste: {},
} as Config.ProjectConfig;

const startsAnew = (name: string, change: 'added' | 'modified' | 'deleted' = 'modified') =>
  needsNewStart([{ path: join(directory, name), change }], [config]);

test.each([
  ...['value.js', 'value.test.ts', '__snapshots__/value.test.js.snap', 'README.md'],
  ...['arc.js', 'pictures/a.png'],
])('Jest goes on with another %s', (name) => {
  expect(startsAnew(name)).toBe(false);
});

test.each([
  ...['jest.config.mjs', 'base.mjs', 'lazily.mjs', 'resolver.cjs', 'by-resolver.js'],
  ...[
    'package.json',
    'packages/a/package.json',
    'package-lock.json',
    'yarn.lock',
    'pnpm-lock.yaml',
    'bun.lockb',
  ],
  ...[
    'tsconfig.json',
    '.babelrc',
    '.env',
    'babel.config.cjs',
    'vite.config.ts',
    'jest-preset.js',
    'data.json5',
  ],
])('Jest starts anew for another %s', (name) => {
  expect(startsAnew(name)).toBe(true);
});

test('new and deleted files are told like edited ones, and nothing is nothing', () => {
  expect(startsAnew('value.js', 'deleted')).toBe(false);
  expect(startsAnew('jest.config.mjs', 'deleted')).toBe(true);
  expect(needsNewStart([], [config])).toBe(false);
});
