import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkOut } from '../../src/sync/check-out.js';
import { fetchFromRemote } from '../../src/sync/git-remote.js';
import { hasTree } from '../../src/sync/tree-cache.js';

const folder = mkdtempSync(join(tmpdir(), 'jrh-git-remote-'));
const cache = join(folder, 'cache');
const proof = join(folder, 'proof');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const treeId = 'a'.repeat(40);

const refused = [
  `ext::sh -c touch% ${proof}`,
  `fd::17`,
  `--upload-pack=touch ${proof}`,
  `-oProxyCommand=touch ${proof}`,
  `-u touch ${proof}`,
  `ssh://-oProxyCommand=touch ${proof}/x`,
  `ssh://a@-oProxyCommand=touch ${proof}/x`,
  `ssh://-a@host/x`,
  `-host:x`,
  `a@-host:x`,
  `host:-x`,
  `host::x`,
  'origin',
  '../other',
  '',
  `https://example.org/x\n--upload-pack=touch ${proof}`,
  'transport-helper::x',
  'ftp://example.org/x',
];
for (const remote of refused)
  test(`a run cannot let a machine fetch from ${JSON.stringify(remote.replaceAll(folder, ''))}`, async () => {
    await expect(fetchFromRemote(cache, treeId, remote)).rejects.toThrow('the git remote of the run is none');
    expect(existsSync(proof)).toBe(false);
  });

test('git itself starts no command for an address', async () => {
  for (const remote of [
    `ssh://host/x;touch ${proof}`,
    `/$(touch ${proof})`,
    `file://host/\`touch ${proof}\``,
  ])
    await expect(fetchFromRemote(cache, treeId, remote, AbortSignal.timeout(10_000))).rejects.toThrow();
  expect(existsSync(proof)).toBe(false);
});

const git = (cwd: string, ...args: readonly string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], {
    cwd,
    encoding: 'utf8',
  }).trim();

test('a tree that is not the one of its name is refused, and never checked out', async () => {
  const remote = join(folder, 'remote');
  mkdirSync(remote);
  git(remote, 'init', '--quiet');
  writeFileSync(join(remote, 'a.txt'), 'asked for');
  git(remote, 'add', '--all');
  git(remote, 'commit', '--quiet', '--message', 'a');
  const asked = git(remote, 'rev-parse', 'HEAD^{tree}');
  writeFileSync(join(remote, 'a.txt'), 'slipped in');
  git(remote, 'commit', '--all', '--quiet', '--message', 'b');
  git(remote, 'update-ref', `refs/jest-hardware/${asked}`, 'HEAD');
  await expect(fetchFromRemote(cache, asked, remote)).rejects.toThrow(
    'has under the name of the working state is another one',
  );
  expect(await hasTree(cache, asked)).toBe(false);
  const state = { cacheDirectory: cache, projectKey: 'app', treeId: asked, prefix: '' };
  expect(await checkOut(state)).toBeUndefined();
  // The right one takes its place.
  git(remote, 'update-ref', `refs/jest-hardware/${asked}`, 'HEAD~1');
  await fetchFromRemote(cache, asked, remote);
  expect(await hasTree(cache, asked)).toBe(true);
});

test('names of trees, projects and folders lead nowhere else', async () => {
  for (const name of ['../../x', 'HEAD', `${treeId}/../x`, `${treeId}\n`, '--all'])
    await expect(fetchFromRemote(cache, name, folder)).rejects.toThrow('the name of a tree is not one');
  for (const [projectKey, prefix] of [
    ['../x', ''],
    ['a/b', ''],
    ['-x', ''],
    ['app', '../../x'],
    ['app', '/etc'],
  ] as const)
    await expect(checkOut({ cacheDirectory: cache, projectKey, treeId, prefix })).rejects.toThrow(
      'leads out of the cache directory',
    );
});
