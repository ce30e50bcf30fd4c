import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Checkout, checkOut } from '../../src/sync/check-out.js';
import { projectKeyOf, pushTree } from '../../src/sync/push-tree.js';
import { prepareCache } from '../../src/sync/tree-cache.js';
import { type WorkingTree, type WorkingTreeOptions, workingTree } from '../../src/sync/working-tree.js';

let scratch: string | undefined;
let folders = 0;

export function newFolder(name = 'folder'): string {
  scratch ??= realpathSync(mkdtempSync(join(tmpdir(), 'sync-test-')));
  folders += 1;
  const path = join(scratch, `${folders}`, name);
  mkdirSync(path, { recursive: true });
  return path;
}

export function removeFolders(): void {
  if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
}

/** Git as the user of the tests runs it: with a name, and without settings of this machine. */
export function git(directory: string, ...args: string[]): string {
  const env = {
    ...process.env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@example.org',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@example.org',
  };
  const own = ['-c', 'protocol.file.allow=always', '-c', 'init.defaultBranch=main'];
  return execFileSync('git', [...own, ...args], {
    cwd: directory,
    env,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();
}

export type Files = Readonly<Record<string, string | Buffer>>;

export function write(directory: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
}

/** A repository with the files committed. */
export function newRepository(files: Files = { 'a.txt': 'a\n' }, name = 'project'): string {
  const directory = newFolder(name);
  git(directory, 'init', '--quiet');
  write(directory, files);
  commit(directory);
  return directory;
}

export function commit(directory: string): void {
  git(directory, 'add', '--all');
  git(directory, 'commit', '--quiet', '--allow-empty', '--message=x');
}

/** Takes the tree with a cache of its own, so that each test knows what was kept. */
export class Coordinator {
  readonly cacheDirectory = join(newFolder(), 'shadow');

  take(directory: string, options: WorkingTreeOptions = {}): Promise<WorkingTree> {
    return workingTree(directory, { cacheDirectory: this.cacheDirectory, ...options });
  }
}

/** A machine that trees are pushed to. */
export class FarSide {
  readonly cacheDirectory = newFolder('cache');

  async receive(tree: WorkingTree): Promise<Checkout> {
    await pushTree(tree, { url: await prepareCache(this.cacheDirectory) });
    return this.checkOut(tree);
  }

  async checkOut(tree: WorkingTree): Promise<Checkout> {
    const { treeId, prefix } = tree;
    const { cacheDirectory } = this;
    const checkout = await checkOut({
      cacheDirectory,
      projectKey: projectKeyOf(tree, 'far'),
      treeId,
      prefix,
    });
    if (checkout === undefined) throw new Error('the tree is not there');
    return checkout;
  }
}

/** What lies below a folder: each file's mode and bytes, each link's target; without git's own and ignored names. */
export function contentOf(directory: string, ignored: readonly string[] = []): Record<string, string> {
  const content: Record<string, string> = {};
  const visit = (below: string) => {
    for (const name of readdirSync(join(directory, below))) {
      if (name === '.git' || ignored.includes(name)) continue;
      const path = join(below, name);
      const stat = lstatSync(join(directory, path));
      if (stat.isDirectory()) visit(path);
      else if (stat.isSymbolicLink()) content[path] = `-> ${readlinkSync(join(directory, path))}`;
      else if (stat.isFile())
        content[path] =
          `${stat.mode & 0o100 ? 'x' : '-'} ${readFileSync(join(directory, path)).toString('latin1')}`;
    }
  };
  visit('');
  return content;
}
