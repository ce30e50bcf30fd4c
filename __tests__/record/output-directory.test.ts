import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import { prepareOutputDirectory } from '../../src/record/output-directory.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'output-'));
});
afterEach(() => rmSync(root, { recursive: true }));

test('a new directory ignores itself in git, its parents do not', () => {
  const directory = join(root, 'deep', '.jest-hardware');
  prepareOutputDirectory(directory);
  expect(readFileSync(join(directory, '.gitignore'), 'utf8')).toBe('*\n');
  expect(existsSync(join(root, 'deep', '.gitignore'))).toBe(false);
});

test('doing it again keeps what the user wrote into .gitignore', () => {
  const directory = join(root, 'out');
  prepareOutputDirectory(directory);
  writeFileSync(join(directory, '.gitignore'), '*\n!history.jsonl\n');
  prepareOutputDirectory(directory);
  expect(readFileSync(join(directory, '.gitignore'), 'utf8')).toBe('*\n!history.jsonl\n');
});

test("a directory that was there before is the user's: git goes on seeing it", () => {
  mkdirSync(join(root, 'reports'));
  prepareOutputDirectory(join(root, 'reports'));
  expect(existsSync(join(root, 'reports', '.gitignore'))).toBe(false);
});

test.each(['file', 'file/below'])(
  '%s where the directory should be: says what, where and what to do',
  (name) => {
    writeFileSync(join(root, 'file'), '');
    const path = join(root, name);
    const prepare = () => prepareOutputDirectory(path);
    expect(prepare).toThrow(UsageError);
    expect(prepare).toThrow(`${path}: The output directory cannot be created or written.`);
    expect(prepare).toThrow('option `outputDirectory`');
  },
);
