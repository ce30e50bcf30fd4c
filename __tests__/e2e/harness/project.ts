import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packedInstall, repository, stockOnly } from './install.js';

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
  /** A folder of the caller's instead of one of a random name. What is there is removed, here and in the end. */
  readonly directory?: string;
}

const created: string[] = [];

/** Copies a fixture and gives it the configuration of one side. */
export async function useProject(name: string, use: ProjectOptions = {}): Promise<Project> {
  const { runner = 'hardware', options = {}, config = {}, files = {} } = use;
  const { root } = await packedInstall();
  const directory = use.directory ?? join(root, 'projects', `${name}-${randomBytes(4).toString('hex')}`);
  created.push(directory);
  rmSync(directory, { recursive: true, force: true });
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

/** For `afterAll`: the copies are large in number, not worth keeping. `E2E_KEEP=1` keeps them for a look. */
export function removeProjects(): void {
  if (process.env.E2E_KEEP === '1') return;
  for (const directory of created.splice(0)) {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
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
