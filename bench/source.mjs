import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { defineClient } from '../scripts/bundle-client.cjs';

const root = fileURLToPath(new URL('../', import.meta.url));

/**
 * What modules below `src` export, all in one object: for what the package itself does not export.
 * @param {...string} modules Such as `core/estimate/estimate.ts`.
 */
export function source(...modules) {
  return sourceWith([], ...modules);
}

/**
 * The same, with other values in the `tuning` tables of some files.
 * @param {readonly { file: string, entry: string, value: number }[]} changes `file` below `src`.
 * @param {...string} modules
 */
export async function sourceWith(changes, ...modules) {
  // Inside of the project, so that packages are found.
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const outfile = join(mkdtempSync(join(cache, 'bench-source-')), 'source.mjs');
  const contents = modules.map((module) => `export * from './${module}';`).join('\n');
  await build({
    stdin: { contents, resolveDir: join(root, 'src'), loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    packages: 'external',
    define: defineClient(),
    logLevel: 'error',
    plugins: changes.map(tuned),
  });
  return import(pathToFileURL(outfile).href);
}

function tuned({ file, entry, value }) {
  const path = join(root, 'src', file);
  return {
    name: `tuned ${entry}`,
    setup: ({ onLoad }) =>
      onLoad({ filter: /\.ts$/ }, (args) => {
        if (args.path !== path) return undefined;
        const before = readFileSync(path, 'utf8');
        const contents = before.replace(new RegExp(`^( {2}${entry}: )[\\d._]+,$`, 'm'), `$1${value},`);
        if (contents === before) throw new Error(`${file} has no entry ${entry} in its tuning table`);
        return { contents, loader: 'ts' };
      }),
  };
}
