import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Change } from './change.js';

export interface WorkflowPlan {
  readonly changes: readonly Change[];
  /** Why no workflow is written, where a reader would expect one. */
  readonly notes: readonly string[];
}

/** Relative to the repository. */
const folder = '.github/workflows';
const name = 'jest-hardware.yml';

/**
 * A workflow of GitHub Actions that runs the project in three shards, unless a workflow there already names this package.
 * Without the folder `.github` the repository may live elsewhere, and nothing is written unless asked for.
 * @param root The folder of the project, which must be the repository's own.
 * @param isAsked Whether the user has asked for a workflow.
 */
export function planWorkflow(root: string, isAsked: boolean, nameOf: (path: string) => string): WorkflowPlan {
  const repository = repositoryAround(root);
  const github = join(repository ?? root, '.github');
  if (!isAsked && !existsSync(github)) return { changes: [], notes: [] };
  if (hasOurs(join(repository ?? root, folder))) return { changes: [], notes: [] };
  if (repository !== undefined && repository !== root) {
    const note =
      'no workflow is written, as the project is not at the top of its repository: see docs/ci-sharding.md';
    return { changes: [], notes: [note] };
  }
  const path = join(root, folder, name);
  if (existsSync(path))
    return { changes: [], notes: [`${nameOf(path)} is there already and is left as it is`] };
  return {
    changes: [{ path, file: nameOf(path), before: undefined, after: workflowText(managerOf(root)) }],
    notes: [],
  };
}

/** The nearest folder upwards that git knows. */
function repositoryAround(start: string): string | undefined {
  for (let each = start; ; each = dirname(each)) {
    if (existsSync(join(each, '.git'))) return each;
    if (each === dirname(each)) return undefined;
  }
}

function hasOurs(workflows: string): boolean {
  if (!existsSync(workflows)) return false;
  return readdirSync(workflows)
    .filter((file) => /\.ya?ml$/.test(file))
    .some((file) => readFileSync(join(workflows, file), 'utf8').includes('jest-runner-hardware'));
}

/** How a package manager is set up, installs what the lock file says, and runs a package's command. */
const managers = {
  npm: { lockFile: 'package-lock.json', setUp: [], install: 'npm ci', run: 'npx' },
  pnpm: {
    lockFile: 'pnpm-lock.yaml',
    setUp: ['corepack enable'],
    install: 'pnpm install --frozen-lockfile',
    run: 'pnpm exec',
  },
  yarn: {
    lockFile: 'yarn.lock',
    setUp: ['corepack enable'],
    install: 'yarn install --immutable',
    run: 'yarn',
  },
} as const;

type Manager = (typeof managers)[keyof typeof managers];

function managerOf(root: string): Manager {
  return Object.values(managers).find(({ lockFile }) => existsSync(join(root, lockFile))) ?? managers.npm;
}

/** The recipe of docs/ci-sharding.md without coverage and JUnit. */
function workflowText({ setUp, install, run }: Manager): string {
  const prepare = [...setUp, install].map((line) => `\n      - run: ${line}`).join('');
  return `# Three equal jobs that divide the suites by time, and one result. Other machines and services, coverage:
# docs/ci-sharding.md of jest-runner-hardware.
name: jest-hardware
on: push
jobs:
  plan:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 22 }${prepare}
      - uses: actions/cache/restore@v4
        with:
          path: .jest-hardware/history.jsonl
          key: jest-hardware-\${{ github.run_id }}-\${{ github.run_attempt }}
          restore-keys: jest-hardware-
      - run: ${run} jest-runner-hardware plan --shards 3 --output .jest-hardware/plan.json
      - uses: actions/upload-artifact@v4
        with:
          name: plan
          path: |
            .jest-hardware/plan.json
            .jest-hardware/history.jsonl
          include-hidden-files: true
          overwrite: true
  test:
    needs: plan
    strategy:
      fail-fast: false # a shard that stops early leaves suites without a result
      matrix: { shard: [1, 2, 3] }
    runs-on: ubuntu-latest
    env:
      JEST_HARDWARE_PLAN: .jest-hardware/plan.json
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 22 }${prepare}
      - uses: actions/download-artifact@v4
        with: { name: plan, path: .jest-hardware }
      - run: ${run} jest --shard=\${{ matrix.shard }}/3
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: shard-\${{ matrix.shard }}-\${{ github.run_attempt }}
          path: .jest-hardware/run-*.jsonl
          include-hidden-files: true
  merge:
    needs: test
    if: always()
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 22 }${prepare}
      - uses: actions/download-artifact@v4
        with: { name: plan, path: .jest-hardware }
      - uses: actions/download-artifact@v4
        with: { pattern: shard-*, path: artefacts }
      - run: ${run} jest-runner-hardware merge artefacts --history .jest-hardware/history.jsonl
      - uses: actions/cache/save@v4
        if: always()
        with:
          path: .jest-hardware/history.jsonl
          key: jest-hardware-\${{ github.run_id }}-\${{ github.run_attempt }}
`;
}
