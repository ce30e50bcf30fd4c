/**
 * The working state on its way to another machine, without a network: files → tree id → push by a local path → checkout.
 * Median, with lowest and highest, of 15 runs each.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { source } from './source.mjs';

const { values } = parseArgs({ options: { files: { type: 'string', default: '1000' } } });
const files = Number(values.files);
const runs = 15;
const { workingTree, pushTree, projectKeyOf, prepareCache, checkOut } = await source(
  'sync/working-tree.js',
  'sync/push-tree.js',
  'sync/tree-cache.js',
  'sync/check-out.js',
);

const scratch = mkdtempSync(join(tmpdir(), 'bench-sync-'));
try {
  const project = join(scratch, 'project');
  for (let n = 0; n < files; n += 1) {
    const folder = join(project, `packages/${n % 20}/src`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `module-${n}.js`), `export const n = ${n};\n`.repeat(1 + (n % 200)));
  }
  const git = (...args) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], { cwd: project });
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '--message=x');
  const cacheDirectory = join(scratch, 'cache');
  const url = await prepareCache(cacheDirectory);
  const take = () => workingTree(project, { cacheDirectory: join(scratch, 'shadow') });
  const arrive = async (tree) =>
    checkOut({ cacheDirectory, projectKey: projectKeyOf(tree), treeId: tree.treeId, prefix: tree.prefix });

  const stages = { 'first tree': [], 'first push': [], 'first checkout': [] };
  let tree = await timed(stages['first tree'], take);
  await timed(stages['first push'], () => pushTree(tree, { url }));
  (await timed(stages['first checkout'], () => arrive(tree))).release();
  for (const name of ['unchanged: tree', 'unchanged: push', 'unchanged: checkout']) stages[name] = [];
  for (const name of ['one edit: tree', 'one edit: push', 'one edit: checkout']) stages[name] = [];
  for (let run = 0; run < runs; run += 1) {
    tree = await timed(stages['unchanged: tree'], take);
    await timed(stages['unchanged: push'], () => pushTree(tree, { url }));
    (await timed(stages['unchanged: checkout'], () => arrive(tree))).release();
    writeFileSync(join(project, 'packages/7/src/module-7.js'), `export const edited = ${run};\n`);
    tree = await timed(stages['one edit: tree'], take);
    await timed(stages['one edit: push'], () => pushTree(tree, { url }));
    (await timed(stages['one edit: checkout'], () => arrive(tree))).release();
  }
  console.log(`${files} files`);
  for (const [name, ms] of Object.entries(stages)) console.log(`${name.padEnd(22)}${summary(ms)}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function timed(list, work) {
  const startedMs = performance.now();
  const result = await work();
  list.push(performance.now() - startedMs);
  return result;
}

function summary(ms) {
  const sorted = ms.toSorted((a, b) => a - b).map((each) => each.toFixed(0));
  const median = sorted[Math.floor(sorted.length / 2)].padStart(6);
  return sorted.length === 1 ? `${median} ms` : `${median} ms (${sorted[0]} … ${sorted.at(-1)})`;
}
