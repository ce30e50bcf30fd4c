import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packedInstall, takeLock } from '../harness/install.js';
import { type JestRun, startJest } from '../harness/jest.js';
import { type Project, type Runner, useProject } from '../harness/project.js';
import { filesOf, observe } from './observe.js';
import type { AtTerminal, Observation, Scenario, Side, Step } from './scenario.js';

/** Runs scenarios on this machine, by stock Jest or by this runner. */
export function localSide(runner: Runner, options: Readonly<Record<string, unknown>> = {}): Side {
  return {
    name: runner,
    run: async (scenario) => {
      const { project, release } = await projectFor(scenario, runner, options);
      try {
        const seen: Observation[] = [];
        for (const step of scenario.steps) seen.push(await runStep(project, step));
        return seen;
      } finally {
        release();
      }
    },
  };
}

async function runStep(project: Project, step: Step): Promise<Observation> {
  if (step.commit) commitAll(project);
  write(project, step.write);
  rmSync(join(project.directory, 'suites.log'), { force: true });
  const before = filesOf(project);
  return observe(step, await command(project, step), before);
}

async function command(
  project: Project,
  { args, env = {}, nodeArgs = [], json, terminal }: Step,
): Promise<JestRun> {
  const jest = await startJest(project, args, {
    cacheDirectory: cacheOf(project),
    nodeArgs,
    env: { ...env, ...(terminal && { TERM: 'xterm' }) },
    ...(json === false && { json }),
    ...(terminal && { terminal: true }),
  });
  for (const { shown, type, write: files } of terminal ?? ([] as readonly AtTerminal[])) {
    await jest.waitFor(new RegExp(shown, 's'));
    write(project, files);
    if (type !== undefined) jest.type(type);
  }
  return jest.ended;
}

function write({ directory }: Project, files: Step['write'] = {}): void {
  for (const [path, content] of Object.entries(files)) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    if (content === null) rmSync(file);
    else writeFileSync(file, content);
  }
}

function commitAll({ directory }: Project): void {
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=e2e', '-c', 'user.email=e2e@localhost', ...args], {
      cwd: directory,
      stdio: 'pipe',
    });
  git('init', '--quiet');
  writeFileSync(join(directory, '.git/info/exclude'), '.jest-hardware\n');
  git('add', '.');
  git('commit', '--quiet', '--allow-empty', '-m', 'before');
}

/**
 * A folder that stays the same from run to run, so that what Jest has transformed is of use to the next: its cache
 * goes by path. Without what Jest remembers of earlier runs, by which it would sort suites.
 */
async function projectFor(
  { name, fixture = 'bare', files, config, folder = 'project' }: Scenario,
  runner: Runner,
  options: Readonly<Record<string, unknown>>,
): Promise<{ project: Project; release: () => void }> {
  const { root } = await packedInstall();
  const base = join(root, 'scenarios', runner, name.replaceAll(/[^\w-]+/g, '-'));
  mkdirSync(base, { recursive: true });
  const lock = join(base, 'lock');
  // The first try may only have removed the lock of a process that was killed.
  const own = takeLock(lock) || takeLock(lock) ? base : join(base, `beside-${process.pid}`);
  const project = await useProject(fixture, {
    runner,
    options,
    directory: join(own, folder),
    ...(files && { files }),
    ...(config && { config }),
  });
  mkdirSync(cacheOf(project), { recursive: true });
  for (const file of readdirSync(cacheOf(project))) {
    if (file.startsWith('perf-cache')) rmSync(join(cacheOf(project), file));
  }
  return { project, release: () => own === base && rmSync(lock, { force: true }) };
}

function cacheOf({ directory }: Project): string {
  return join(dirname(directory), 'cache');
}
