/**
 * Builds dist: declarations by tsc, code by esbuild, which puts what several entries share into chunks. Node spends a
 * third of a millisecond on every module file; as single files the plug-in took twice the CPU time to load.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import ts from 'typescript';

process.chdir(fileURLToPath(new URL('../', import.meta.url)));
rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'], {
  stdio: 'inherit',
});

await build({
  // What is loaded by its path: exports of the package, the command, and entries of processes (src/package-files.ts).
  entryPoints: [
    'src/index.ts',
    'src/jest/sequencer.ts',
    'src/jest/reporter.ts',
    'src/jest/environment.ts',
    'src/jest/suite-process.ts',
    'src/cli/main.ts',
  ],
  bundle: true,
  splitting: true,
  format: 'esm',
  packages: 'external',
  outbase: 'src',
  outdir: 'dist',
  chunkNames: 'chunk-[hash]',
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
});

// CommonJS written by hand: only its types are taken out.
for (const name of ['placement', 'require']) {
  const source = readFileSync(`src/${name}.cts`, 'utf8');
  const compilerOptions = {
    module: ts.ModuleKind.CommonJS,
    target: ts.ScriptTarget.ES2023,
    verbatimModuleSyntax: true,
  };
  const { outputText } = ts.transpileModule(source, { fileName: `${name}.cts`, compilerOptions });
  writeFileSync(`dist/${name}.cjs`, outputText);
}
