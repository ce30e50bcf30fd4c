import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import type { Config } from '@jest/types';
import type { Renewal } from '../../remote/protocol.js';

/**
 * Whether what Jest has loaded at its start may be another now: it must then start anew. Suites run in processes of their
 * own, which are new in each run, so that only what Jest itself has read counts.
 * @param configs Of all projects.
 */
export function needsNewStart(
  changes: Renewal['changes'],
  configs: readonly Config.ProjectConfig[],
): boolean {
  if (changes.length === 0) return false;
  if (changes.some(({ path }) => settings.test(basename(path)))) return true;
  const required = createRequire(import.meta.url).cache;
  const loaded = importedFrom([...configs.flatMap(modulesOf), ...startModules()]);
  return changes.some(({ path }) => loaded.has(path) || path in required);
}

/**
 * Files that are read rather than run, and configs: who has read them is not known. A fixture among them costs a start, and
 * an old config would cost more.
 */
const settings = /^\.|(^|[.-])(config|preset)\.\w+$|\.(json[c5]?|ya?ml|toml|lock|lockb)$/;

/** The config itself, and what Jest loads by it outside of suites. */
function modulesOf(config: Config.ProjectConfig): readonly string[] {
  const { rootDir, resolver, snapshotResolver, dependencyExtractor, haste } = config;
  const named = [resolver, snapshotResolver, dependencyExtractor, haste.hasteImplModulePath];
  const files = existsSync(rootDir) ? readdirSync(rootDir) : [];
  const configs = files.filter((name) => settings.test(name) && /\.[cm]?[jt]s$/.test(name));
  return [...configs.map((name) => join(rootDir, name)), ...named.flatMap((path) => path ?? [])];
}

/** What this process was told to load: a config by a flag, and modules of the repository before everything else. */
function startModules(): readonly string[] {
  const words = [...process.execArgv, ...process.argv.slice(2)].flatMap((word) => word.split('='));
  return words.filter((word) => /\.[cm]?[jt]s$/.test(word) && existsSync(word));
}

/**
 * These modules, and those that they import, as far as their text tells. Node.js names loaded CommonJS modules, but no ES
 * modules. Packages are left out: what is installed changes with the lockfile.
 */
function importedFrom(entries: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (path: string) => {
    if (found.has(path) || path.includes('node_modules')) return;
    found.add(path);
    const require = createRequire(path);
    for (const [, name = ''] of textOf(path).matchAll(importing)) {
      const imported = resolved(name, path, require);
      if (imported !== undefined) visit(imported);
    }
  };
  for (const entry of entries) visit(resolve(entry));
  return found;
}

const importing = /\b(?:from|import|require)\s*\(?\s*['"]([^'"\n]+)['"]/g;

function resolved(name: string, from: string, require: NodeJS.Require): string | undefined {
  if (name.startsWith('.') && /\.\w+$/.test(name)) {
    const path = resolve(dirname(from), name);
    if (existsSync(path)) return path;
  }
  try {
    const path = require.resolve(name);
    return path === name ? undefined : path;
  } catch {
    return undefined;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
