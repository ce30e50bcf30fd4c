import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { repository, stockOnly } from './install.js';
import { folderOf, type Place, takePlace } from './place.js';

export type Runner = 'stock' | 'hardware';

/** A copy of `fixtures/projects/<name>` that one test has for itself. */
export interface Project {
  readonly name: string;
  readonly directory: string;
  readonly runner: Runner;
  /** Runs with `--experimental-vm-modules`: its tests are native ES modules. */
  readonly esm: boolean;
}

export interface ProjectOptions {
  /** `as-is`: the fixture's own configuration, to test configuration itself. */
  readonly runner?: Runner | 'as-is';
  /** Second argument of `withHardware`. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Stock configuration keys laid over the fixture's. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Files to add or replace, by path inside the project. */
  readonly files?: Readonly<Record<string, string>>;
  /** A folder of the caller's instead of one that goes by the name of the test. What is there is removed. */
  readonly directory?: string;
}

let place: Promise<Place> | undefined;
const uses = new Map<string, number>();

/** Copies a fixture and gives it the configuration of one side. */
export async function useProject(name: string, use: ProjectOptions = {}): Promise<Project> {
  const { runner = 'hardware', options = {}, config = {}, files = {} } = use;
  const directory = use.directory ?? (await ownDirectory(name));
  for (const path of [directory, claimsOf(directory)]) rmSync(path, { recursive: true, force: true });
  forgetDurations(cacheOf(directory));
  cpSync(join(repository, 'fixtures/projects', name), directory, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
  if (runner !== 'as-is') {
    for (const path of configsIn(directory)) wrapConfig(path, { directory, runner, options, config });
  }
  return {
    name,
    directory,
    runner: runner === 'stock' || stockOnly ? 'stock' : 'hardware',
    esm: JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')).type === 'module',
  };
}

/** A folder by the names of test file and test, and whether it is the test's first project of the fixture or which. */
async function ownDirectory(name: string): Promise<string> {
  const { testPath = '', currentTestName = 'before all' } = expect.getState();
  place ??= takePlace('projects', basename(testPath, '.test.ts'));
  const test = join((await place).directory, folderOf(currentTestName));
  const use = 1 + (uses.get(`${test} ${name}`) ?? 0);
  uses.set(`${test} ${name}`, use);
  return join(test, `${name}-${use}`);
}

/** For `afterAll`: the projects stay for a look, until the next run. */
export async function leaveProjects(): Promise<void> {
  (await place)?.release();
}

/** Jest's cache of a project, beside it. */
export function cacheOf(directory: string): string {
  return `${directory}.cache`;
}

/** What Jest remembers of earlier runs, by which it would sort suites. */
function forgetDurations(cache: string): void {
  mkdirSync(cache, { recursive: true });
  for (const file of readdirSync(cache)) {
    if (file.startsWith('perf-cache')) rmSync(join(cache, file));
  }
}

/** Where runs in the project claim devices. Short, as it has to hold sockets. */
export function claimsOf(directory: string): string {
  return join(tmpdir(), `jrh-claims-${createHash('sha256').update(directory).digest('hex').slice(0, 8)}`);
}

export const probeReporter = fileURLToPath(new URL('./probe-reporter.cjs', import.meta.url));

/** Moves `jest.config.*` to `stock.config.*` and writes a config that wraps it as a user would. */
function wrapConfig(
  path: string,
  { directory, runner, options, config }: Required<Omit<ProjectOptions, 'files'>> & { directory: string },
): void {
  const stock = `stock.config${extname(path)}`;
  renameSync(path, join(dirname(path), stock));
  // Reporters are a global option: only the config that Jest is started with has them.
  const isRoot = relative(directory, dirname(path)) === '';
  const hardware = runner === 'hardware' && !stockOnly;
  const lines = [
    `import stock from './${stock}';`,
    hardware ? `import { withHardware } from 'jest-runner-hardware';` : '',
    `const config = { ...stock, ...${JSON.stringify(isRoot ? config : {})} };`,
    isRoot
      ? `config.reporters = [...(config.reporters ?? ['default']), ${JSON.stringify(probeReporter)}];`
      : '',
    hardware ? `export default withHardware(config, ${JSON.stringify(options)});` : 'export default config;',
  ];
  writeFileSync(
    join(dirname(path), 'jest.config.mjs'),
    `${lines.filter((line) => line !== '').join('\n')}\n`,
  );
}

function configsIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => basename(path).startsWith('jest.config.') && !path.includes('node_modules'))
    .map((path) => join(directory, path));
}
