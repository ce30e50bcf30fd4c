import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const src = fileURLToPath(new URL('../src/', import.meta.url));

/**
 * What modules below `src` export, all in one object: for what the package itself does not export.
 * @param {...string} modules Such as `core/estimate.ts`.
 */
export async function source(...modules) {
  const directory = mkdtempSync(join(tmpdir(), 'bench-source-'));
  const outfile = join(directory, 'source.mjs');
  const contents = modules.map((module) => `export * from './${module}';`).join('\n');
  await build({
    stdin: { contents, resolveDir: src, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    logLevel: 'error',
  });
  return import(pathToFileURL(outfile).href);
}
