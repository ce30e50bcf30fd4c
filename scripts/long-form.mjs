/**
 * The long form of tests, which run a sample of it: `npm run scenarios [words of names] [--fresh]` compares with stock Jest,
 * `npm run faults -- --runs N --seed S` loses machines; each takes `--fleet`. Both are TypeScript beside the tests.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));
const [subject] = process.argv.splice(2, 1);
const outfile = `${root}node_modules/.cache/${subject}.mjs`;
await build({
  entryPoints: [`${root}__tests__/e2e/${subject}/main.ts`],
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
