import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pushToRemote, remoteAddress } from '../../src/sync/git-remote.js';
import { refOf } from '../../src/sync/push-tree.js';
import { Coordinator, git, newFolder, newRepository, removeFolders } from './repositories.js';

afterAll(removeFolders);

test('the address of a remote means the same for others: whole, and without a password', async () => {
  const root = newRepository({ 'a.txt': '' });
  git(root, 'remote', 'add', 'beside', '../app.git');
  expect(await remoteAddress(root, 'beside')).toBe(join(root, '../app.git'));
  expect(await remoteAddress(root, './sub.git')).toBe(join(root, 'sub.git'));
  git(root, 'remote', 'add', 'origin', 'https://me:token@git.example/app.git');
  expect(await remoteAddress(root, 'origin')).toBe('https://git.example/app.git');
  expect(await remoteAddress(root, 'git@git.example:app.git')).toBe('git@git.example:app.git');
  await expect(remoteAddress(root, 'upstream')).rejects.toThrow('the repository has no remote upstream');
});

test('a remote that does not take the working state is named with the remedy', async () => {
  const tree = await new Coordinator().take(newRepository({ 'a.txt': 'a' }));
  await expect(pushToRemote(tree, newFolder())).rejects.toThrow(
    /git cannot write there.*remedy: +let `git push` with this address succeed here/s,
  );
  const guarded = newFolder('guarded.git');
  git(guarded, 'init', '--quiet', '--bare');
  const hook = join(guarded, 'hooks/pre-receive');
  writeFileSync(hook, '#!/bin/sh\nexit 1\n');
  chmodSync(hook, 0o755);
  await expect(pushToRemote(tree, guarded)).rejects.toThrow(
    /it does not take it.*`push: false` where it has/s,
  );
  writeFileSync(hook, '#!/bin/sh\nexit 0\n');
  await pushToRemote(tree, guarded);
  expect(git(guarded, 'for-each-ref', '--format=%(refname)')).toBe(refOf(tree.treeId));
});
