import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The file that holds a project's Jest config. */
export interface ConfigFile {
  readonly path: string;
  /** `manifest`: a package.json with the key `jest`; `none`: a package.json without it, so that Jest's defaults hold. */
  readonly kind: 'module' | 'json' | 'manifest' | 'none';
}

/**
 * The config that Jest takes for a folder, or for the file itself: the first on the way upwards, which ends at a
 * package.json. Of several in one folder the first is meant; Jest refuses them.
 * @returns Undefined where there is neither a config nor a package.json.
 */
export function findConfig(start: string): ConfigFile | undefined {
  const path = resolve(start);
  if (existsSync(path) && statSync(path).isFile()) return configIn(path);
  for (let folder = path; ; folder = dirname(folder)) {
    const named = endings
      .map((ending) => join(folder, `jest.config.${ending}`))
      .find((each) => existsSync(each));
    if (named !== undefined) return configIn(named);
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) return configIn(manifest);
    if (folder === dirname(folder)) return undefined;
  }
}

const endings = ['js', 'ts', 'mjs', 'mts', 'cjs', 'cts', 'json'] as const;

function configIn(path: string): ConfigFile {
  if (!path.endsWith('.json')) return { path, kind: 'module' };
  if (!path.endsWith('package.json')) return { path, kind: 'json' };
  const jest = jestKeyOf(path);
  // The key may name a file instead.
  if (typeof jest === 'string') return configIn(resolve(dirname(path), jest));
  return { path, kind: jest === undefined ? 'none' : 'manifest' };
}

function jestKeyOf(manifest: string): unknown {
  try {
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { jest?: unknown } | null)?.jest;
  } catch {
    return undefined;
  }
}
