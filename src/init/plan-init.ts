import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { withPragmas } from '../config/docblock/write-pragmas.js';
import { parseOptions } from '../config/options.js';
import { askJestForJson, type JestConfig, jestConfigOf } from '../config/project/ask-jest.js';
import { findConfig } from '../config/project/find-config.js';
import type { Change } from './change.js';
import { proposePragmas } from './propose-pragmas.js';
import { planWorkflow } from './workflow.js';
import { isOurRunner, refuseMissingPackage, verifyWrapped, wrapConfigs } from './wrap-configs.js';

export interface InitOptions {
  /** Jest's config file; default: the one Jest finds. */
  readonly config?: string | undefined;
  /** Whether pragmas are proposed. */
  readonly pragmas: boolean;
  /** Whether a workflow is written where the repository has no folder `.github`. */
  readonly workflow: boolean;
}

/** What would make a project use this package. */
export interface InitPlan {
  /** Empty: everything is there already. */
  readonly changes: readonly Change[];
  /** One line for each pragma that is proposed, and for what is left as it is. */
  readonly notes: readonly string[];
  /** Asks Jest whether the written files do what they should. @throws {UsageError} when they do not. */
  check(): void;
}

/**
 * Looks at a project with the project's own Jest. Writes nothing.
 * @throws {UsageError} when there is no Jest, it cannot read its config, or a config cannot be changed safely.
 */
export function planInit(directory: string, { config, pragmas, workflow }: InitOptions): InitPlan {
  refuseMissingPackage(directory);
  const args = config === undefined ? [] : ['--config', config];
  const told = jestConfigOf(directory, args);
  const nameOf = (path: string) => relative(directory, path).split(sep).join('/');
  const start = config ?? directory;
  const configs = wrapConfigs(told, start, nameOf);
  const tagged = pragmas
    ? pragmaChanges(told, testFilesOf(directory, args), nameOf)
    : { changes: [], notes: [] };
  const root = dirname(findConfig(start)?.path ?? join(directory, 'package.json'));
  const flow = planWorkflow(root, workflow, nameOf);
  return {
    changes: [...configs.changes, ...tagged.changes, ...flow.changes, ...gitignoreChanges(told, nameOf)],
    notes: [...configs.notes, ...tagged.notes, ...flow.notes],
    check: () => verifyWrapped(directory, args),
  };
}

function testFilesOf(directory: string, args: readonly string[]): readonly string[] {
  return [...new Set(askJestForJson<string[]>(directory, ['--listTests', '--json', ...args]))].sort();
}

function pragmaChanges(
  { globalConfig, configs }: JestConfig,
  paths: readonly string[],
  nameOf: (path: string) => string,
) {
  const ours = configs.find(({ runner }) => isOurRunner(runner)) as { runnerOptions?: unknown } | undefined;
  const options = parseOptions(ours?.runnerOptions ?? {}, 'options of jest-runner-hardware');
  const changes: Change[] = [];
  const notes: string[] = [];
  for (const path of paths) {
    const source = readFileSync(path, 'utf8');
    const suitePath = relative(globalConfig.rootDir, path).split(sep).join('/');
    const proposal = proposePragmas({ path, suitePath, source }, options, nameOf);
    if (proposal === undefined) continue;
    const after = withPragmas(source, proposal.pragmas, options.ignorePragmas);
    const written = proposal.pragmas.map(({ name, value }) => `@${name} ${value}`).join(', ');
    const why = `${nameOf(path)}: ${written}: ${proposal.reasons.join('; ')}`;
    if (after === undefined) notes.push(`${why}; the docblock cannot be changed safely: change it by hand`);
    else {
      notes.push(why);
      changes.push({ path, file: nameOf(path), before: source, after });
    }
  }
  return { changes, notes };
}

/** The output directory ignores itself in git. One that somebody else has made does not. */
function gitignoreChanges(
  { globalConfig: { rootDir } }: JestConfig,
  nameOf: (path: string) => string,
): readonly Change[] {
  const output = join(rootDir, '.jest-hardware');
  const path = join(rootDir, '.gitignore');
  if (!existsSync(output) || existsSync(join(output, '.gitignore')) || !existsSync(join(rootDir, '.git')))
    return [];
  const before = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  if (before !== undefined && /^\/?\.jest-hardware\/?\*?\s*$/m.test(before)) return [];
  const newline = before?.includes('\r\n') ? '\r\n' : '\n';
  const kept =
    before === undefined || before === '' || before.endsWith('\n') ? (before ?? '') : before + newline;
  return [{ path, file: nameOf(path), before, after: `${kept}.jest-hardware/${newline}` }];
}
