import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import { sameIndex } from '../../src/sync/shadow.js';
import { workingTree } from '../../src/sync/working-tree.js';
import {
  Coordinator,
  commit,
  contentOf,
  FarSide,
  type Files,
  git,
  newFolder,
  newRepository,
  removeFolders,
  write,
} from './repositories.js';

const environment = { ...process.env };
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
});
afterAll(removeFolders);

/** The files of a tree by their names, with their contents. */
async function filesOf(directory: string, near = new Coordinator()): Promise<Record<string, string>> {
  const far = new FarSide();
  const checkout = await far.receive(await near.take(directory));
  checkout.release();
  return contentOf(checkout.root);
}

test('the tree of a clean checkout is the tree of its commit, and the commit is the same for equal trees', async () => {
  const files = { 'a.txt': 'a\n', 'b/c.txt': 'c\n' };
  const [one, other] = [newRepository(files), newRepository(files, 'elsewhere')];
  const trees = await Promise.all([one, other].map((each) => new Coordinator().take(each)));
  expect(trees.map(({ treeId }) => treeId)).toEqual(Array(2).fill(git(one, 'rev-parse', 'HEAD^{tree}')));
  expect(trees[0]?.commitId).toBe(trees[1]?.commitId);
});

test('nothing of the repository changes: index, objects, refs, stash, configuration', async () => {
  const project = newRepository({ 'a.txt': '1', 'b.txt': '1' });
  write(project, { 'a.txt': 'stashed' });
  git(project, 'stash');
  write(project, { 'a.txt': 'staged' });
  git(project, 'add', 'a.txt');
  write(project, { 'a.txt': 'edited', 'new.txt': '' });
  const before = [contentOf(join(project, '.git')), statSync(join(project, '.git/index')).mtimeMs];
  await new Coordinator().take(project);
  expect([contentOf(join(project, '.git')), statSync(join(project, '.git/index')).mtimeMs]).toEqual(before);
});

test('no hook runs, and nothing is signed', async () => {
  const project = newRepository();
  const ran = join(newFolder(), 'ran');
  const hooks = ['pre-commit', 'post-index-change', 'reference-transaction', 'pre-push', 'fsmonitor'];
  for (const hook of hooks) {
    write(project, { [`.git/hooks/${hook}`]: `#!/bin/sh\necho ${hook} >> '${ran}'\n` });
    chmodSync(join(project, '.git/hooks', hook), 0o755);
  }
  git(project, 'config', 'core.fsmonitor', '.git/hooks/fsmonitor');
  git(project, 'config', 'commit.gpgSign', 'true');
  git(project, 'config', 'gpg.program', 'false');
  write(project, { 'new.txt': '' });
  expect(Object.keys(await filesOf(project))).toEqual(['a.txt', 'new.txt']);
  expect(existsSync(ran)).toBe(false);
});

test('a change that the file system monitor has not told of is seen', async () => {
  const project = newRepository();
  write(project, { '.git/quiet': '#!/bin/sh\nprintf "token\\0"\n' });
  chmodSync(join(project, '.git/quiet'), 0o755);
  git(project, 'config', 'core.fsmonitor', '.git/quiet');
  git(project, 'config', 'core.untrackedCache', 'true');
  git(project, 'status');
  git(project, 'status');
  write(project, { 'a.txt': 'edited', 'new.txt': '' });
  expect(git(project, 'status', '--porcelain')).not.toContain('a.txt');
  expect(await filesOf(project)).toEqual({ 'a.txt': '- edited', 'new.txt': '- ' });
});

test('a split index is read and stays split', async () => {
  const project = newRepository({ 'a.txt': '1', 'b.txt': '1' });
  git(project, 'config', 'core.splitIndex', 'true');
  git(project, 'config', 'splitIndex.sharedIndexExpire', 'now');
  git(project, 'update-index', '--split-index');
  write(project, { 'c.txt': '' });
  git(project, 'add', '--all');
  const before = contentOf(join(project, '.git'));
  expect(Object.keys(await filesOf(project))).toEqual(['a.txt', 'b.txt', 'c.txt']);
  expect(contentOf(join(project, '.git'))).toEqual(before);
});

test.each(['--assume-unchanged', '--skip-worktree'])(
  'a change that %s hides from git is seen',
  async (flag) => {
    const project = newRepository({ 'a.txt': '1', 'b.txt': '1' });
    git(project, 'update-index', flag, 'a.txt', 'b.txt');
    write(project, { 'a.txt': 'edited' });
    rmSync(join(project, 'b.txt'));
    expect(git(project, 'status', '--porcelain')).toBe('');
    expect(await filesOf(project)).toEqual({ 'a.txt': '- edited' });
  },
);

test('an index under a second name is as old as it was: files as young as the index are read again', () => {
  const kept = join(newFolder(), 'index');
  writeFileSync(kept, 'DIRC');
  utimesSync(kept, 1e9, 1e9);
  sameIndex(kept, `${kept}-2`);
  expect(statSync(`${kept}-2`).mtimeMs).toBe(1e12);
});

test('an unfinished merge is taken as it lies in the working tree', async () => {
  const project = newRepository({ 'a.txt': '1' });
  git(project, 'checkout', '--quiet', '-b', 'other');
  write(project, { 'a.txt': '2' });
  commit(project);
  git(project, 'checkout', '--quiet', 'main');
  write(project, { 'a.txt': '3' });
  commit(project);
  expect(() => git(project, 'merge', 'other')).toThrow();
  expect(await filesOf(project)).toEqual({ 'a.txt': expect.stringContaining('<<<<<<< HEAD') });
});

test('a repository without a commit is taken', async () => {
  const project = newFolder('project');
  git(project, 'init', '--quiet');
  write(project, { 'a.txt': 'a' });
  expect(await filesOf(project)).toEqual({ 'a.txt': '- a' });
});

test('a repository whose objects are named by SHA-256 is taken', async () => {
  const project = newFolder('project');
  git(project, 'init', '--quiet', '--object-format=sha256');
  write(project, { 'a.txt': 'a' });
  commit(project);
  git(project, 'gc', '--quiet');
  expect(await filesOf(project)).toEqual({ 'a.txt': '- a' });
});

test('tracked files that .gitignore names too are taken, ignored ones not, and both follow changes', async () => {
  const project = newRepository({ 'a.txt': '1' });
  write(project, { '.gitignore': 'dist\n', 'dist/tracked.js': '1', 'dist/ignored.js': '1' });
  git(project, 'add', '--force', 'dist/tracked.js');
  commit(project);
  const near = new Coordinator();
  expect(Object.keys(await filesOf(project, near))).toEqual(['.gitignore', 'a.txt', 'dist/tracked.js']);
  git(project, 'rm', '--quiet', '--cached', 'dist/tracked.js');
  git(project, 'add', '--force', 'dist/ignored.js');
  expect(Object.keys(await filesOf(project, near))).toEqual(['.gitignore', 'a.txt', 'dist/ignored.js']);
  write(project, { '.gitignore': '' });
  expect(Object.keys(await filesOf(project, near))).toHaveLength(4);
});

test('what .git/info/exclude and the user’s own ignore file name is not taken', async () => {
  const project = newRepository();
  const home = newFolder('home');
  write(project, {
    '.git/info/exclude': 'by-repository\n',
    'by-repository': '',
    'by-user': '',
    'by-default': '',
  });
  write(home, { ignored: 'by-user\n', '.gitconfig': '[core]\n\texcludesFile = ~/ignored\n' });
  Object.assign(process.env, { HOME: home, GIT_CONFIG_GLOBAL: join(home, '.gitconfig') });
  expect(Object.keys(await filesOf(project))).toEqual(['a.txt', 'by-default']);
  write(home, { '.config/git/ignore': 'by-default\n', '.gitconfig': '' });
  process.env['XDG_CONFIG_HOME'] = join(home, '.config');
  expect(Object.keys(await filesOf(project))).toEqual(['a.txt', 'by-user']);
});

test('node_modules is never taken, ignored or not', async () => {
  const project = newRepository();
  write(project, {
    'node_modules/x/index.js': '',
    'packages/a/node_modules/y.js': '',
    'packages/a/b.js': '',
  });
  const include = ['**/*.js'];
  for (const ignored of ['', 'node_modules\n']) {
    write(project, { '.gitignore': ignored });
    expect((await new Coordinator().take(project, { include })).included).toEqual([]);
    expect(Object.keys(await filesOf(project))).toEqual(['.gitignore', 'a.txt', 'packages/a/b.js']);
  }
});

describe('conversions of git', () => {
  const text = {
    'crlf.txt': 'a\r\nb\r\n',
    'mixed.txt': 'a\r\nb\n',
    'id.txt': '$Id$\n',
    'utf16.txt': Buffer.from('\ufeffa\n', 'utf16le'),
  };
  const attributes = '*.txt text=auto ident\nutf16.txt text working-tree-encoding=UTF-16LE-BOM\n';

  test.each<[string, Record<string, string>, Files]>([
    ['core.autocrlf=true', { 'core.autocrlf': 'true' }, {}],
    ['core.autocrlf=input', { 'core.autocrlf': 'input' }, {}],
    [
      'core.safecrlf=true',
      { 'core.autocrlf': 'input', 'core.safecrlf': 'false' },
      { '.gitattributes': '* text=auto\n' },
    ],
    ['attributes', {}, { '.gitattributes': attributes }],
  ])('%s: files travel byte by byte, committed or not', async (_, settings, files) => {
    const project = newRepository();
    for (const [name, value] of Object.entries(settings)) git(project, 'config', name, value);
    write(project, { ...files, ...text });
    const near = new Coordinator();
    expect(await filesOf(project, near)).toEqual(contentOf(project));
    commit(project);
    git(project, 'config', 'core.safecrlf', 'true');
    expect(await filesOf(project, near)).toEqual(contentOf(project));
    expect(await filesOf(project)).toEqual(contentOf(project));
  });

  test('a filter has no effect and does not run', async () => {
    const project = newRepository();
    const ran = join(newFolder(), 'ran');
    git(project, 'config', 'filter.rot.clean', `touch '${ran}'; tr a-z n-za-m`);
    git(project, 'config', 'filter.rot.required', 'true');
    write(project, { '.gitattributes': '*.txt filter=rot\n', 'b.txt': 'abc' });
    expect(await filesOf(project)).toEqual(contentOf(project));
    expect(existsSync(ran)).toBe(false);
  });
});

test('names with every sign that git quotes, in both normal forms of Unicode', async () => {
  const names = [
    'with space',
    '"quoted"',
    "'",
    'tab\t',
    'line\nbreak',
    'back\\slash',
    '\u00e9',
    'e\u0301',
    '-x',
    ':(top)',
    '*',
    '#',
    ' ',
  ];
  const project = newRepository();
  git(project, 'config', 'core.quotePath', 'true');
  for (const name of names) write(project, { [`d ${name}/${name}`]: name, [`${name}.ignored`]: name });
  write(project, { '.gitignore': '*.ignored\n' });
  const tree = await new Coordinator().take(project, { include: ['*.ignored'] });
  const checkout = await new FarSide().receive(tree);
  expect(contentOf(checkout.root)).toEqual(contentOf(project));
  checkout.release();
});

test('symbolic links travel as links, to files, folders, nowhere, and out of the repository', async () => {
  const project = newRepository({ 'a.txt': '', 'd/b.txt': '' });
  for (const [index, target] of ['a.txt', 'd', 'nowhere', '/etc/hostname'].entries())
    symlinkSync(target, join(project, `link-${index}`));
  expect(await filesOf(project)).toEqual(contentOf(project));
});

test('a tracked folder that a link took the place of is a link', async () => {
  const project = newRepository({ 'd/b.txt': '', '.gitignore': 'b.txt\n' });
  git(project, 'add', '--force', 'd/b.txt');
  commit(project);
  renameSync(join(project, 'd'), join(project, 'e'));
  symlinkSync('e', join(project, 'd'));
  expect(await filesOf(project)).toEqual({ '.gitignore': '- b.txt\n', d: '-> e' });
});

test('modes come from the user’s index where the file system has none', async () => {
  const project = newRepository({ 'run.sh': '', 'a.txt': '' });
  git(project, 'update-index', '--chmod=+x', 'run.sh');
  git(project, 'config', 'core.fileMode', 'false');
  const near = new Coordinator();
  for (let call = 0; call < 2; call += 1)
    expect(await filesOf(project, near)).toEqual({ 'run.sh': 'x ', 'a.txt': '- ' });
});

test('sockets and pipes are passed over', async () => {
  const project = newRepository();
  const server = createServer().listen(join(project, 'socket'));
  expect(Object.keys(await filesOf(project))).toEqual(['a.txt']);
  await new Promise((resolve) => server.close(resolve));
});

describe('kinds of checkouts', () => {
  test('a linked worktree, whose .git is a file', async () => {
    const project = newRepository();
    const linked = join(newFolder(), 'linked');
    git(project, 'worktree', 'add', '--quiet', linked);
    write(linked, { 'b.txt': '' });
    expect(Object.keys(await filesOf(linked))).toEqual(['a.txt', 'b.txt']);
  });

  test('a shallow clone', async () => {
    const origin = newRepository();
    write(origin, { 'b.txt': '' });
    commit(origin);
    const clone = join(newFolder(), 'clone');
    git(origin, 'clone', '--quiet', '--depth=1', `file://${origin}`, clone);
    expect(Object.keys(await filesOf(clone))).toEqual(['a.txt', 'b.txt']);
  });

  test('a sparse checkout: what it leaves out belongs to the tree, edits inside are seen', async () => {
    const project = newRepository({ 'in/a.txt': '', 'in/gone.txt': '', 'out/b.txt': '', 'out/c.txt': '' });
    for (const form of [['--cone'], ['--cone', '--sparse-index']]) {
      git(project, 'sparse-checkout', 'set', ...form, 'in');
      expect(existsSync(join(project, 'out'))).toBe(false);
      const { treeId, leftOut } = await new Coordinator().take(project);
      expect([treeId, leftOut]).toEqual([git(project, 'rev-parse', 'HEAD^{tree}'), 0]);
    }
    rmSync(join(project, 'in/gone.txt'));
    write(project, { 'out/b.txt': 'edited' });
    expect(await filesOf(project)).toEqual({ 'in/a.txt': '- ', 'out/b.txt': '- edited', 'out/c.txt': '- ' });
  });

  test('a partial clone: nothing is fetched, and what is missing outside of a sparse checkout is counted', async () => {
    const origin = newRepository({ 'in/a.txt': 'a', 'out/b.txt': 'b' });
    git(origin, 'config', 'uploadpack.allowFilter', 'true');
    const clone = join(newFolder(), 'clone');
    git(origin, 'clone', '--quiet', '--filter=blob:none', '--no-checkout', `file://${origin}`, clone);
    git(clone, 'sparse-checkout', 'set', 'in');
    git(clone, 'checkout', '--quiet', 'main');
    renameSync(origin, `${origin}-gone`);
    const tree = await new Coordinator().take(clone);
    expect(tree.leftOut).toBe(1);
    const checkout = await new FarSide().receive(tree);
    expect(contentOf(checkout.root)).toEqual({ 'in/a.txt': '- a' });
    checkout.release();
  });

  test('submodules become folders with their working state, and those not checked out are empty', async () => {
    const inner = newRepository({ 'inner.txt': '1' }, 'inner');
    const middle = newRepository({ 'middle.txt': '1' }, 'middle');
    git(middle, 'submodule', '--quiet', 'add', inner, 'in side');
    commit(middle);
    const project = newRepository();
    git(project, 'submodule', '--quiet', 'add', middle, 'mid');
    git(project, 'submodule', '--quiet', 'add', inner, 'absent');
    git(project, 'submodule', '--quiet', 'update', '--init', '--recursive');
    commit(project);
    git(project, 'submodule', '--quiet', 'deinit', '--force', 'absent');
    const near = new Coordinator();
    write(project, { 'mid/in side/inner.txt': 'edited', 'mid/new.txt': '' });
    const files = await filesOf(project, near);
    expect(files).toEqual(contentOf(project));
    expect(files).toMatchObject({ 'mid/in side/inner.txt': '- edited', 'mid/new.txt': '- ' });
    rmSync(join(project, 'mid/new.txt'));
    expect(await filesOf(project, near)).toEqual(contentOf(project));
  });

  test('a repository inside that is not a submodule is taken like one', async () => {
    const project = newRepository();
    mkdirSync(join(project, 'nested'));
    git(join(project, 'nested'), 'init', '--quiet');
    write(project, { 'nested/b.txt': '1' });
    commit(join(project, 'nested'));
    write(project, { 'nested/b.txt': '2' });
    expect(await filesOf(project)).toEqual(contentOf(project));
  });
});

describe('refusals, with the remedy', () => {
  test('a repository inside without a commit', async () => {
    const project = newRepository();
    mkdirSync(join(project, 'nested'));
    git(join(project, 'nested'), 'init', '--quiet');
    write(project, { 'nested/b.txt': '' });
    await expect(new Coordinator().take(project)).rejects.toThrow(
      /nested: this folder is a git repository without a commit.*\.gitignore/s,
    );
  });

  test('no repository', async () => {
    const refused = workingTree(newFolder());
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(/is in no git repository.*git init/s);
  });

  test('a repository without a working tree', async () => {
    const project = newFolder();
    git(project, 'init', '--quiet', '--bare');
    await expect(workingTree(project)).rejects.toThrow(/without a working tree.*git worktree add/s);
  });

  test('no git', async () => {
    const project = newRepository();
    process.env['PATH'] = newFolder();
    await expect(workingTree(project)).rejects.toThrow(/git was not found.*install git/s);
  });

  const asRoot = process.getuid?.() === 0 ? test : test.skip;
  asRoot('a repository of another user', async () => {
    const project = newRepository();
    const { chownSync } = await import('node:fs');
    chownSync(project, 12345, 12345);
    process.env['GIT_CONFIG_GLOBAL'] = '/dev/null';
    await expect(workingTree(project)).rejects.toThrow(/belongs to another user.*safe\.directory/s);
  });

  test('content in Git LFS, unless it is included', async () => {
    const project = newRepository({
      'models/a.bin': 'pointer',
      '.gitattributes': '*.bin filter=lfs -text\n',
    });
    await expect(new Coordinator().take(project)).rejects.toThrow(/Git LFS.*models\/a\.bin.*sync\.include/s);
    const near = new Coordinator();
    const tree = await near.take(join(project, 'models'), { include: ['*.bin'] });
    expect(tree.included).toEqual(['models/a.bin']);
    await expect(near.take(project, { include: ['models/*'], sizeCapBytes: 3 })).rejects.toThrow(
      'models/a.bin',
    );
  });

  const asUser = process.getuid?.() === 0 ? test.skip : test;
  asUser.each(['secret', 'folder'])('what cannot be read: %s', async (path) => {
    const project = newRepository({ secret: '', 'folder/a.txt': '' });
    chmodSync(join(project, path), 0);
    await expect(new Coordinator().take(project)).rejects.toThrow(`${path}: it cannot be read`);
    chmodSync(join(project, path), 0o700);
  });
});

describe('include', () => {
  test('ignored files become part of the tree, and go again', async () => {
    const project = newRepository({ '.gitignore': 'dist\n', 'packages/a/a.txt': '' });
    write(project, { 'packages/a/dist/x.js': 'x', 'packages/a/dist/y.map': 'y', 'dist/z.js': 'z' });
    const near = new Coordinator();
    const directory = join(project, 'packages/a');
    const { included, treeId } = await near.take(directory, { include: ['dist/**/*.js', '../../dist/*'] });
    expect(included).toEqual(['dist/z.js', 'packages/a/dist/x.js']);
    expect((await near.take(directory)).treeId).not.toBe(treeId);
    expect((await near.take(directory)).treeId).toBe(git(project, 'rev-parse', 'HEAD^{tree}'));
  });

  test('above the size cap the largest file is named', async () => {
    const project = newRepository({ '.gitignore': 'dist\n' });
    write(project, { 'dist/small.js': 'x', 'dist/large.js': 'x'.repeat(2000) });
    const taken = new Coordinator().take(project, { include: ['dist'], sizeCapBytes: 1000 });
    await expect(taken).rejects.toThrow(/largest is dist\/large\.js, 0\.002 MB.*at most 0\.001 MB.*2 files/s);
  });

  test('untracked files count, as those that were forgotten in .gitignore would be sent again and again', async () => {
    const project = newRepository();
    write(project, { 'checkpoint.bin': 'x'.repeat(2000) });
    await expect(new Coordinator().take(project, { sizeCapBytes: 1000 })).rejects.toThrow(
      /largest is checkpoint\.bin.*\.gitignore/s,
    );
    commit(project);
    await new Coordinator().take(project, { sizeCapBytes: 1000 });
  });

  test.each(['../x', '/etc/*', ''])(
    'a glob that leads out of the repository is refused: %j',
    async (glob) => {
      await expect(new Coordinator().take(newRepository(), { include: [glob] })).rejects.toThrow('leads out');
    },
  );
});

test.each([
  ['GIT_DIR', '.git'],
  ['GIT_WORK_TREE', '/'],
  ['GIT_INDEX_FILE', '.git/next-index.lock'],
  ['GIT_OBJECT_DIRECTORY', '/nowhere'],
  ['GIT_LITERAL_PATHSPECS', '1'],
  ['GIT_PREFIX', 'x/'],
])('inside a hook, %s=%s points elsewhere and changes nothing', async (name, value) => {
  const project = newRepository({ 'packages/a/a.txt': '', '.gitignore': 'dist\n' });
  write(project, { 'packages/a/dist/x.js': '' });
  const options = { include: ['dist/*'] };
  const { treeId } = await new Coordinator().take(join(project, 'packages/a'), options);
  process.env[name] = value;
  const inHook = await new Coordinator().take(join(project, 'packages/a'), options);
  expect([inHook.treeId, inHook.prefix]).toEqual([treeId, 'packages/a']);
});

test.each([
  ['young', Date.now() / 1000],
  ['old', 1e9],
])(
  'objects that the repository has pruned since are taken from the files again: %s files',
  async (_, time) => {
    const project = newRepository();
    write(project, { 'b.txt': 'only staged' });
    // Git reads files again that are as young as its index.
    for (const name of ['a.txt', 'b.txt']) utimesSync(join(project, name), time, time);
    git(project, 'add', '--all');
    const near = new Coordinator();
    await near.take(project);
    git(project, 'reset', '--quiet');
    git(project, 'prune', '--expire=now');
    expect(await filesOf(project, near)).toEqual(contentOf(project));
  },
);

test('a kept index that is damaged is made anew', async () => {
  const project = newRepository();
  const near = new Coordinator();
  const { treeId, gitDirectory } = await near.take(project);
  write(gitDirectory, { index: 'damaged' });
  expect((await near.take(project)).treeId).toBe(treeId);
  expect(readFileSync(join(gitDirectory, 'index'), 'latin1')).toMatch(/^DIRC/);
});

test('calls at once do not disturb each other, and leave nothing behind', async () => {
  const project = newRepository();
  write(project, { 'b.txt': '' });
  const near = new Coordinator();
  const trees = await Promise.all(Array.from({ length: 5 }, () => near.take(project)));
  expect(new Set(trees.map(({ treeId }) => treeId)).size).toBe(1);
  const left = Object.keys(contentOf(trees[0]?.gitDirectory ?? '')).filter((path) =>
    /index|lock|tmp/.test(path),
  );
  expect(left).toEqual(['index']);
});

test('it is cancelled', async () => {
  const signal = AbortSignal.abort(new Error('cancelled'));
  await expect(workingTree(newRepository(), { signal })).rejects.toThrow('cancelled');
});
