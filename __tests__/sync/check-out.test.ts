import { type ChildProcess, fork } from 'node:child_process';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { checkOut } from '../../src/sync/check-out.js';
import { projectKeyOf, pushTree, refOf } from '../../src/sync/push-tree.js';
import { cacheRepository, hasTree, prepareCache, pruneCache } from '../../src/sync/tree-cache.js';
import {
  Coordinator,
  contentOf,
  FarSide,
  git,
  newFolder,
  newRepository,
  removeFolders,
  write,
} from './repositories.js';

afterAll(removeFolders);

test('a checkout keeps its path, and only what differs is written', async () => {
  const project = newRepository({
    'same.txt': 'same',
    'changed.txt': '1',
    'gone.txt': '',
    '.gitignore': 'node_modules\n',
  });
  const near = new Coordinator();
  const far = new FarSide();
  const first = await far.receive(await near.take(project));
  expect([first.isNew, first.changes.length]).toEqual([true, 4]);
  first.release();
  write(first.root, { 'node_modules/x/index.js': 'installed' });
  const writtenAt = statSync(join(first.root, 'same.txt')).mtimeMs;
  write(project, { 'changed.txt': '2', 'new/file.txt': '' });
  rmSync(join(project, 'gone.txt'));
  const second = await far.receive(await near.take(project));
  expect([second.root, second.isNew]).toEqual([first.root, false]);
  expect(new Set(second.changes)).toEqual(
    new Set([
      { path: 'changed.txt', change: 'modified' },
      { path: 'new/file.txt', change: 'added' },
      { path: 'gone.txt', change: 'deleted' },
    ]),
  );
  expect(statSync(join(first.root, 'same.txt')).mtimeMs).toBe(writtenAt);
  expect(existsSync(join(second.root, 'node_modules/x/index.js'))).toBe(true);
  second.release();
});

test('what a run altered is put back, what it left goes, and ignored files stay', async () => {
  const project = newRepository({ 'a.txt': '1', 'b.txt': '1', '.gitignore': 'kept\n' });
  const tree = await new Coordinator().take(project);
  const far = new FarSide();
  const first = await far.receive(tree);
  write(first.root, { 'a.txt': 'altered', 'x/left.txt': '', kept: '' });
  rmSync(join(first.root, 'b.txt'));
  write(first.root, { 'b.txt/in the way': '' });
  git(first.root, 'add', 'a.txt');
  first.release();
  const second = await far.checkOut(tree);
  expect(new Set(second.changes)).toEqual(
    new Set([
      { path: 'a.txt', change: 'modified' },
      { path: 'x/left.txt', change: 'deleted' },
      { path: 'b.txt/in the way', change: 'deleted' },
      { path: 'b.txt', change: 'added' },
    ]),
  );
  expect(contentOf(second.root)).toEqual({ ...contentOf(project), kept: '- ' });
  second.release();
});

test('the directory of a project below the root is named', async () => {
  const project = newRepository({ 'packages/a b/a.txt': '' });
  const checkout = await new FarSide().receive(await new Coordinator().take(join(project, 'packages/a b')));
  expect(checkout.directory).toBe(join(checkout.root, 'packages/a b'));
  checkout.release();
});

test('a tree that was not pushed is not there', async () => {
  const tree = await new Coordinator().take(newRepository());
  const { cacheDirectory } = new FarSide();
  const options = { cacheDirectory, projectKey: projectKeyOf(tree, 'far'), ...tree };
  expect(await checkOut(options)).toBeUndefined();
  await pushTree(tree, { url: await prepareCache(cacheDirectory) });
  expect(await hasTree(cacheDirectory, tree.treeId)).toBe(true);
  (await checkOut(options))?.release();
});

test('names that lead out of the cache directory are refused', async () => {
  const treeId = '0'.repeat(40);
  const { cacheDirectory } = new FarSide();
  const base = { cacheDirectory, projectKey: 'x', treeId, prefix: '' };
  await expect(checkOut({ ...base, projectKey: '../x' })).rejects.toThrow('leads out');
  await expect(checkOut({ ...base, prefix: 'a/../../..' })).rejects.toThrow('leads out');
  await expect(checkOut({ ...base, prefix: '/etc' })).rejects.toThrow('leads out');
  await expect(checkOut({ ...base, treeId: '--upload-pack=x' })).rejects.toThrow('40 hexadecimal digits');
});

test('a ref that holds another tree is not believed', async () => {
  const near = new Coordinator();
  const project = newRepository();
  const tree = await near.take(project);
  const other = '1'.repeat(40);
  const { cacheDirectory } = new FarSide();
  await pushTree({ ...tree, treeId: other }, { url: await prepareCache(cacheDirectory) });
  expect(await hasTree(cacheDirectory, other)).toBe(false);
});

test('two runs at once have two checkouts, and the next one has the first again', async () => {
  const tree = await new Coordinator().take(newRepository());
  const far = new FarSide();
  const first = await far.receive(tree);
  const second = await far.checkOut(tree);
  expect(second.root).not.toBe(first.root);
  first.release();
  const third = await far.checkOut(tree);
  expect(third.root).toBe(first.root);
  for (const each of [second, third]) each.release();
});

test('runs that send the same tree for the first time at once do not disturb each other', async () => {
  const tree = await new Coordinator().take(newRepository());
  const { cacheDirectory } = new FarSide();
  const runs = Array.from({ length: 4 });
  const urls = await Promise.all(runs.map(() => prepareCache(cacheDirectory)));
  await Promise.all(urls.map((url) => pushTree(tree, { url })));
  expect(await hasTree(cacheDirectory, tree.treeId)).toBe(true);
  expect(readdirSync(cacheDirectory)).toEqual(['trees.git']);
});

test('a killed process leaves its checkout to the next, with the locks that git held', async () => {
  const tree = await new Coordinator().take(newRepository());
  const far = new FarSide();
  const first = await far.receive(tree);
  first.release();
  const child = await holderOf(far.cacheDirectory, projectKeyOf(tree, 'far'), tree.treeId);
  const beside = await far.checkOut(tree);
  expect(beside.root).not.toBe(first.root);
  beside.release();
  const died = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await died;
  const administration = git(first.root, 'rev-parse', '--absolute-git-dir');
  for (const name of ['index.lock', 'HEAD.lock']) writeFileSync(join(administration, name), '');
  writeFileSync(join(first.root, 'a.txt'), 'halfway');
  const next = await far.checkOut(tree);
  expect([next.root, contentOf(next.root)]).toEqual([first.root, { 'a.txt': '- a\n' }]);
  next.release();
});

/** A process that holds a checkout until it is killed. */
async function holderOf(cacheDirectory: string, projectKey: string, treeId: string): Promise<ChildProcess> {
  const outfile = join(newFolder(), 'holder.mjs');
  buildSync({
    stdin: {
      contents: `
        import { checkOut } from './src/sync/check-out.js';
        const options = ${JSON.stringify({ cacheDirectory, projectKey, treeId, prefix: '' })};
        await checkOut(options);
        process.send('held');
        setInterval(() => {}, 1e6);`,
      resolveDir: process.cwd(),
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
  });
  const child = fork(outfile, { execArgv: [] });
  await new Promise((resolve) => child.once('message', resolve));
  return child;
}

test('a checkout that git no longer knows is made again', async () => {
  const tree = await new Coordinator().take(newRepository());
  const far = new FarSide();
  const first = await far.receive(tree);
  first.release();
  rmSync(join(cacheRepository(far.cacheDirectory), 'worktrees'), { recursive: true });
  const second = await far.checkOut(tree);
  expect([second.root, second.isNew, contentOf(second.root)]).toEqual([
    first.root,
    true,
    { 'a.txt': '- a\n' },
  ]);
  second.release();
});

test('a copied cache does not touch the checkouts of the old one', async () => {
  const tree = await new Coordinator().take(newRepository());
  const far = new FarSide();
  const first = await far.receive(tree);
  first.release();
  const copy = new FarSide();
  rmSync(copy.cacheDirectory, { recursive: true });
  cpSync(far.cacheDirectory, copy.cacheDirectory, { recursive: true });
  const second = await copy.checkOut(tree);
  second.release();
  expect(git(second.root, 'rev-parse', '--absolute-git-dir')).toMatch(copy.cacheDirectory);
});

test('the lock that a killed push has left on a ref is removed', async () => {
  const tree = await new Coordinator().take(newRepository());
  const far = new FarSide();
  const repository = await prepareCache(far.cacheDirectory);
  const lock = join(repository, `${refOf(tree.treeId)}.lock`);
  write(repository, { [`${refOf(tree.treeId)}.lock`]: '' });
  const longAgo = Date.now() / 1000 - 3600;
  utimesSync(lock, longAgo, longAgo);
  (await far.receive(tree)).release();
});

test('trees that were not used lately are forgotten, and those in use stay', async () => {
  const project = newRepository();
  const near = new Coordinator();
  const far = new FarSide();
  const trees = [];
  for (const text of ['1', '2', '3']) {
    write(project, { 'a.txt': text });
    const tree = await near.take(project);
    trees.push(tree.treeId);
    (await far.receive(tree)).release();
  }
  const longAgo = Date.now() / 1000 - 86_400;
  const repository = cacheRepository(far.cacheDirectory);
  for (const [index, treeId] of trees.entries())
    utimesSync(join(repository, refOf(treeId)), longAgo + index, longAgo + index);
  await pruneCache(far.cacheDirectory, { keep: 1 });
  const kept = await Promise.all(trees.map((treeId) => hasTree(far.cacheDirectory, treeId)));
  expect(kept).toEqual([false, false, true]);
  expect(readFileSync(join(repository, refOf(trees[2] ?? '')), 'utf8')).toHaveLength(41);
});

test('nothing but what is missing travels, and an unchanged tree not at all', async () => {
  const project = newRepository(
    Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`${n}.txt`, `${n}`])),
  );
  const near = new Coordinator();
  const { cacheDirectory } = new FarSide();
  const url = await prepareCache(cacheDirectory);
  const objects = () => {
    const counts = git(url, 'count-objects', '-v').matchAll(/^(?:count|in-pack): (\d+)/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  };
  const tree = await near.take(project);
  await pushTree(tree, { url });
  expect(objects()).toBe(52);
  await pushTree(tree, { url });
  expect(objects()).toBe(52);
  write(project, { '7.txt': 'edited' });
  await pushTree(await near.take(project), { url });
  expect(objects()).toBe(55);
});

test('a push is cancelled, and a machine that cannot be reached is named', async () => {
  const tree = await new Coordinator().take(newRepository());
  const signal = AbortSignal.abort(new Error('cancelled'));
  await expect(pushTree(tree, { url: newFolder() }, { signal })).rejects.toThrow('cancelled');
  await expect(pushTree(tree, { url: newFolder() })).rejects.toThrow('it has no cache repository there');
  const controller = new AbortController();
  const started = join(newFolder(), 'started');
  const hanging = pushTree(
    tree,
    { url: 'ssh://box/x', sshCommand: `echo > '${started}'; sleep 600 #` },
    { signal: controller.signal },
  );
  while (!existsSync(started)) await new Promise(setImmediate);
  controller.abort(new Error('cancelled'));
  await expect(hanging).rejects.toThrow('cancelled');
  const refused = pushTree(tree, {
    url: 'ssh://box/x',
    sshCommand: 'echo "Host key verification failed." >&2; exit 255 #',
  });
  await expect(refused).rejects.toThrow(/ssh:\/\/box\/x: its host key is not known here/);
});
