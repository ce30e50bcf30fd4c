import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { schedulersWords } from '../../docs/plain-words.js';
import { runNode } from './jest.js';
import type { Project } from './project.js';

/** The package's own command, in the project. What it tells users has no scheduler's vocabulary. */
export async function command(project: Project, ...args: readonly string[]) {
  const done = await runNode(project, () => commandOf(project), args);
  if (!args.includes('--json')) expect(schedulersWords(done.stdout + done.stderr)).toEqual([]);
  return done;
}

/** Of the package that the project finds. */
export function commandOf({ directory }: Pick<Project, 'directory'>): string {
  const file = join(directory, 'node_modules/jest-runner-hardware/dist/cli/main.js');
  if (existsSync(file)) return file;
  if (dirname(directory) === directory) throw new Error('no folder above has the package');
  return commandOf({ directory: dirname(directory) });
}
