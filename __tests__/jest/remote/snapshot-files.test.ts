import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { applyChanges, watchFiles } from '../../../src/jest/remote/snapshot-files.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'snapshot-files-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;

/** A repository of its own, with what lies outside of it beside. */
function newRepository(files: Readonly<Record<string, string>> = {}) {
  const root = join(folder, String(++count), 'repository');
  mkdirSync(root, { recursive: true });
  const path = (name: string) => join(root, name);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), content);
  }
  const snapshot = path('__snapshots__/a.test.js.snap');
  const apply = (content: string | undefined, { at = snapshot, before = null as string | null } = {}) =>
    applyChanges(
      [
        {
          path: at,
          before: before === null ? null : hashOf(before),
          ...(content !== undefined && { content }),
        },
      ],
      [snapshot, path('a.test.js')],
      root,
    );
  return { root, path, snapshot, apply };
}

function hashOf(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

test('a snapshot is written, changed and removed as it was there', () => {
  const { snapshot, apply } = newRepository();
  expect(apply('first')).toEqual([]);
  expect(readFileSync(snapshot, 'utf8')).toBe('first');
  expect(apply('second', { before: 'first' })).toEqual([]);
  expect(readFileSync(snapshot, 'utf8')).toBe('second');
  expect(apply(undefined, { before: 'second' })).toEqual([]);
  expect(existsSync(snapshot)).toBe(false);
});

test('what has changed is told with what was there before', () => {
  const { path, snapshot } = newRepository({
    '__snapshots__/a.test.js.snap': 'old',
    'a.test.js': 'same',
    'gone.js': 'x',
  });
  const changes = watchFiles([snapshot, path('a.test.js'), path('gone.js'), path('new.js')]);
  writeFileSync(snapshot, 'new');
  writeFileSync(path('new.js'), 'made');
  rmSync(path('gone.js'));
  expect(changes()).toEqual([
    { path: snapshot, before: hashOf('old'), content: 'new' },
    { path: path('gone.js'), before: hashOf('x') },
    { path: path('new.js'), before: null, content: 'made' },
  ]);
});

test.each(['../outside.txt', '../../etc/outside.txt', '..'])('%s is not written', (name) => {
  const { path, apply } = newRepository();
  const before = existsSync(path(name));
  expect(apply('x', { at: path(name) })).toEqual([
    `${path(name)} was changed there and not here: it lies outside of the repository`,
  ]);
  expect(existsSync(path(name))).toBe(before);
});

test.each(['b.test.js', '__snapshots__/b.test.js.snap', 'package.json', '__snapshots__/../package.json'])(
  '%s, which is none of the suite, is not written',
  (name) => {
    const { root, path, apply } = newRepository();
    const [problem] = apply('x', { at: `${root}/${name}` });
    expect(problem).toContain('it is no snapshot of the suite');
    expect(existsSync(path(name))).toBe(false);
  },
);

test('a file of more than 16 MiB is not written, whatever its characters weigh', () => {
  const { snapshot, apply } = newRepository();
  const characters = (16 * 1024 * 1024) / 2;
  expect(apply('é'.repeat(characters))).toEqual([]);
  const before = readFileSync(snapshot, 'utf8');
  const [problem] = apply('é'.repeat(characters + 1), { before });
  expect(problem).toContain('it is larger than 16 MiB');
  expect(readFileSync(snapshot, 'utf8')).toBe(before);
});

test('nothing is written through a link, be it the file or a folder above it', () => {
  const { root, path, snapshot, apply } = newRepository({ '__snapshots__/x': '' });
  const target = join(root, '../target');
  writeFileSync(target, 'kept');
  symlinkSync(target, snapshot);
  expect(apply('x', { before: 'kept' })).toEqual([
    expect.stringContaining('a symbolic link leads elsewhere'),
  ]);
  expect(apply(undefined, { before: 'kept' })).toEqual([expect.stringContaining('a symbolic link')]);
  expect(lstatSync(snapshot).isSymbolicLink()).toBe(true);

  rmSync(path('__snapshots__'), { recursive: true });
  mkdirSync(join(root, '../folder'));
  symlinkSync(join(root, '../folder'), path('__snapshots__'));
  expect(apply('x')).toEqual([expect.stringContaining('a symbolic link leads elsewhere')]);
  const beyond = join(root, '../folder/a.test.js.snap');
  expect(existsSync(beyond)).toBe(false);
  writeFileSync(beyond, 'kept');
  expect(apply('x', { before: 'kept' })).toEqual([
    expect.stringContaining('a symbolic link leads elsewhere'),
  ]);
  expect(readFileSync(beyond, 'utf8')).toBe('kept');

  rmSync(path('__snapshots__'));
  symlinkSync(join(root, '../nowhere'), path('__snapshots__'));
  expect(apply('x')).toEqual([expect.stringContaining('a symbolic link leads elsewhere')]);
  expect(existsSync(join(root, '../nowhere'))).toBe(false);
  expect(readFileSync(target, 'utf8')).toBe('kept');
});

test('what has changed here meanwhile stays', () => {
  const { snapshot, apply } = newRepository({ '__snapshots__/a.test.js.snap': 'edited here' });
  for (const before of ['as sent', null]) {
    expect(apply('x', { before })).toEqual([expect.stringContaining('it has changed here meanwhile')]);
    expect(apply(undefined, { before })).toEqual([expect.stringContaining('it has changed here meanwhile')]);
  }
  expect(readFileSync(snapshot, 'utf8')).toBe('edited here');
});

test('what another project of the same file has written is not written again', () => {
  const { snapshot, apply } = newRepository();
  expect(apply('the same')).toEqual([]);
  const { ino } = lstatSync(snapshot);
  expect(apply('the same')).toEqual([]);
  expect(lstatSync(snapshot).ino).toBe(ino);
});

test('where it cannot be written, that is said of this machine', () => {
  const { apply } = newRepository({ __snapshots__: 'a file' });
  expect(() => apply('first')).toThrow(
    /a\.test\.js\.snap, which the suite has changed there, cannot be written here: E/,
  );
});
