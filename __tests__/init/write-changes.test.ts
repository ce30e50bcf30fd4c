import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import { unifiedDiff } from '../../src/init/unified-diff.js';
import { writeChanges } from '../../src/init/write-changes.js';
import { temporaryDirectory } from '../detect/temporary-host.js';

function changesIn(directory: string) {
  const change = (file: string, before: string | undefined, after: string) => {
    const path = join(directory, file);
    return { path, file, before, after };
  };
  writeFileSync(join(directory, 'a.sh'), 'old\n', { mode: 0o755 });
  return [change('a.sh', 'old\n', 'new\n'), change('made/deep/b', undefined, 'b\n')] as const;
}

test('all are written, and permissions stay', () => {
  const directory = temporaryDirectory();
  writeChanges(changesIn(directory), () => {});
  expect(readFileSync(join(directory, 'a.sh'), 'utf8')).toBe('new\n');
  expect(statSync(join(directory, 'a.sh')).mode & 0o777).toBe(0o755);
  expect(readFileSync(join(directory, 'made/deep/b'), 'utf8')).toBe('b\n');
});

test('what the check refuses is put back, folders too', () => {
  const directory = temporaryDirectory();
  const refuse = () => {
    throw new Error('refused');
  };
  expect(() => writeChanges(changesIn(directory), refuse)).toThrow('refused');
  expect(readFileSync(join(directory, 'a.sh'), 'utf8')).toBe('old\n');
  expect(existsSync(join(directory, 'made'))).toBe(false);
});

test('what Jest says against the written files is told, and that they were put back', () => {
  const directory = temporaryDirectory();
  const refuse = () => {
    throw new UsageError({ message: 'jest --showConfig failed' });
  };
  const attempt = () => writeChanges(changesIn(directory), refuse);
  expect(attempt).toThrow(/so every file was put back\n {2}remedy: .*\njest --showConfig failed/);
});

test('a file that cannot be written: those before it are put back', () => {
  const directory = temporaryDirectory();
  const changes = changesIn(directory);
  writeFileSync(join(directory, 'file'), '');
  const impossible = { path: join(directory, 'file/c'), file: 'file/c', before: undefined, after: '' };
  expect(() => writeChanges([...changes, impossible], () => {})).toThrow(
    'file/c: the file cannot be written, so nothing was changed',
  );
  expect(readFileSync(join(directory, 'a.sh'), 'utf8')).toBe('old\n');
  expect(existsSync(join(directory, 'made'))).toBe(false);
});

test('a file that somebody has changed meanwhile is left alone', () => {
  const directory = temporaryDirectory();
  const changes = changesIn(directory);
  mkdirSync(join(directory, 'made/deep'), { recursive: true });
  writeFileSync(join(directory, 'made/deep/b'), 'theirs');
  expect(() => writeChanges(changes, () => {})).toThrow('made/deep/b: the file has changed meanwhile');
  expect(readFileSync(join(directory, 'a.sh'), 'utf8')).toBe('old\n');
});

test('the diff is a patch, and obeyed by no terminal', () => {
  const change = {
    path: '',
    file: 'a.js',
    before: 'a\n\nb\nc\nd\ne\n',
    after: 'a\n\nb\nc\n\u001b[31mx\ne\n',
  };
  expect(unifiedDiff([change, { path: '', file: 'new', before: undefined, after: 'x\n' }])).toBe(
    [
      '--- a/a.js',
      '+++ b/a.js',
      '@@ -2,5 +2,5 @@',
      ' ',
      ' b',
      ' c',
      '-d',
      '+\\x1b[31mx',
      ' e',
      '--- /dev/null',
      '+++ b/new',
      '@@ -0,0 +1,1 @@',
      '+x',
      '',
    ].join('\n'),
  );
});
