import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { makeFolder } from '../../../src/record/output-directory.js';
import { type Artefacts, findArtefacts, withoutAttempts } from '../../../src/shard/merge/find-artefacts.js';
import { temporaryDirectory } from '../../detect/temporary-host.js';

const record = `{"type":"run-started","total":2}\n`;
const junit = '<testsuite tests="1"/>';

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const within = (folder: string, artefacts: Artefacts) =>
  Object.fromEntries(
    Object.entries(artefacts).map(([kind, paths]: [string, readonly string[]]) => [
      kind,
      paths.map((path) => relative(folder, path).replaceAll('\\', '/')),
    ]),
  );

test('links to folders and files are followed, nothing is found twice, and a circle ends', () => {
  const store = folderOf({ 'job/run-1.jsonl': record, 'job/junit.xml': junit, 'loose.xml': junit });
  const folder = folderOf({ 'other/run-2.jsonl': record });
  symlinkSync(join(store, 'job'), join(folder, 'job'));
  symlinkSync(join(store, 'job'), join(folder, 'the-same-job'));
  symlinkSync(join(store, 'loose.xml'), join(folder, 'loose.xml'));
  symlinkSync(folder, join(folder, 'other', 'around'));
  symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
  const found = within(folder, findArtefacts([folder, join(folder, 'other')]));
  expect(found).toMatchObject({
    records: ['job/run-1.jsonl', 'other/run-2.jsonl'],
    junit: ['job/junit.xml', 'loose.xml'],
  });
});

test('what an earlier merge wrote is not merged again', () => {
  const folder = folderOf({
    'a/run-1.jsonl': record,
    'a/junit.xml': junit,
    'a/merged-run.jsonl': record,
    'a/merged-junit.xml': junit,
    'a/merged-results.json': '{"numTotalTests":1,"testResults":[]}',
    'a/merged-coverage/coverage-final.json': '{}',
    'merged-all/run-9.jsonl': record,
  });
  expect(within(folder, findArtefacts([folder]))).toEqual({
    records: ['a/run-1.jsonl'],
    histories: [],
    results: [],
    junit: ['a/junit.xml'],
    coverage: [],
    rawCoverage: [],
  });
});

test('what lies beside the record of an earlier attempt goes with it', () => {
  const folder = folderOf({
    'shard-1-1/.jest-hardware/run-1.jsonl': record,
    'shard-1-1/junit.xml': junit,
    'shard-1-1/coverage/coverage-final.json': '{}',
    'shard-1-2/.jest-hardware/run-2.jsonl': record,
    'shard-1-2/junit.xml': junit,
    'shard-2-1/run-3.jsonl': record,
    'shard-2-1/junit.xml': junit,
    'lint.xml': junit,
  });
  const first = join(folder, 'shard-1-1/.jest-hardware/run-1.jsonl');
  expect(within(folder, withoutAttempts(findArtefacts([folder]), [first]))).toMatchObject({
    records: ['shard-1-2/.jest-hardware/run-2.jsonl', 'shard-2-1/run-3.jsonl'],
    junit: ['lint.xml', 'shard-1-2/junit.xml', 'shard-2-1/junit.xml'],
    coverage: [],
    rawCoverage: [],
  });
});

test('the usual output directory ignores itself in git, whoever makes it, and others do not', () => {
  const folder = temporaryDirectory();
  makeFolder(join(folder, 'a/.jest-hardware/deep'));
  expect(readFileSync(join(folder, 'a/.jest-hardware/.gitignore'), 'utf8')).toBe('*\n');
  makeFolder(join(folder, 'ci'));
  expect(() => readFileSync(join(folder, 'ci/.gitignore'))).toThrow('ENOENT');
  cpSync(join(folder, 'a/.jest-hardware/deep'), join(folder, '.jest-hardware'), { recursive: true });
  makeFolder(join(folder, '.jest-hardware'));
  expect(() => readFileSync(join(folder, '.jest-hardware/.gitignore'))).toThrow('ENOENT');
});
