/**
 * The long form of the comparison with stock Jest: `npm run scenarios [words of names] [--fresh]`.
 * The table is TypeScript beside the tests, which run a sample of it.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));
const outfile = `${root}node_modules/.cache/scenarios.mjs`;
await build({
  entryPoints: [`${root}__tests__/e2e/scenarios/main.ts`],
  bundle: true,
  format: 'esm',
  packages: 'external',
  platform: 'node',
  target: 'node20.19',
  outfile,
  logLevel: 'warning',
  plugins: [
    {
      // Modules find the repository and the files beside them by their own address.
      name: 'own-address',
      setup: ({ onLoad }) =>
        onLoad({ filter: /__tests__.*\.ts$/ }, ({ path }) => ({
          contents: readFileSync(path, 'utf8').replaceAll(
            'import.meta.url',
            JSON.stringify(pathToFileURL(path).href),
          ),
          loader: 'ts',
        })),
    },
  ],
});
await import(pathToFileURL(outfile).href);
