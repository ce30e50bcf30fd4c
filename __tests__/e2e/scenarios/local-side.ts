import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type JestRun, startJest } from '../harness/jest.js';
import { folderOf, takePlace } from '../harness/place.js';
import { type Project, type Runner, useProject } from '../harness/project.js';
import { filesOf, observe } from './observe.js';
import type { AtTerminal, Observation, Scenario, Side, Step } from './scenario.js';

/** What a side does otherwise than the one of this machine. */
export interface SideInput {
  readonly name: string;
  readonly runner: Runner;
  /** Second argument of `withHardware`. */
  options?(scenario: Scenario, directory: string): Promise<Readonly<Record<string, unknown>>>;
  /** Called before each step. @returns Called after it. */
  prepare?(project: Project, scenario: Scenario, step: Step): Promise<() => unknown>;
}

/** Runs scenarios on this machine, by stock Jest or by this runner. */
export function localSide(runner: Runner, options: Readonly<Record<string, unknown>> = {}): Side {
  return sideOf({ name: runner, runner, options: async () => options });
}

export function sideOf(input: SideInput): Side {
  return {
    name: input.name,
    run: async (scenario) => {
      const { project, release } = await projectFor(scenario, input);
      try {
        const seen: Observation[] = [];
        for (const step of scenario.steps) {
          const end = await input.prepare?.(project, scenario, step);
          try {
            seen.push(await runStep(project, step));
          } finally {
            await end?.();
          }
        }
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
    if (content === null) rmSync(file, { force: true });
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

/** Where this scenario always runs: what Jest has transformed is of use to the next run. */
async function projectFor(
  scenario: Scenario,
  { name: side, runner, options }: SideInput,
): Promise<{ project: Project; release: () => void }> {
  const { name, fixture = 'bare', files, config, folder = 'project' } = scenario;
  const place = await takePlace('scenarios', side, folderOf(name));
  const directory = join(place.directory, folder);
  const project = await useProject(fixture, {
    runner,
    options: (await options?.(scenario, directory)) ?? {},
    directory,
    ...(files && { files }),
    ...(config && { config }),
  });
  return { project, release: place.release };
}
