/**
 * Builds dist: declarations by tsc, code by esbuild.
 *
 * The code is CommonJS, because Jest loads configs, runners, sequencers and reporters by `require`: what a project's
 * transformer makes of CommonJS is CommonJS still, and Yarn's Plug'n'Play follows `require` on every Node.js. It is one
 * file, because Node spends a third of a millisecond on every module file, because all entries share one state, and
 * because V8's code for it can be kept in one file (src/kept-code.cts).
 * ES modules that import an entry get a wrapper of it.
 *
 * `--if-changed`: nothing is done where dist is what the sources last made.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import ts from 'typescript';
import { defineClient } from './bundle-client.cjs';

process.chdir(fileURLToPath(new URL('../', import.meta.url)));
const inputs = [
  'src',
  'scripts/build.mjs',
  'scripts/bundle-client.cjs',
  'tsconfig.json',
  'package.json',
  'package-lock.json',
];
const stamp = 'node_modules/.cache/jest-runner-hardware/built-from';
const hash = hashOf(inputs);
if (process.argv.includes('--if-changed') && builtFrom() === hash) {
  say('dist is up to date');
  process.exit();
}
const startedAtMs = Date.now();
say('building dist: types by tsc (about 10 s), then code by esbuild');
rmSync(stamp, { force: true });
rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'], {
  stdio: 'inherit',
});

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
/** Packages whose code becomes part of ours: what is left of them is small, and it is loaded in every run. */
const included = ['valibot', 'p-queue', 'eventemitter3', 'p-timeout'];
const { metafile } = await build({
  // Worker processes load the last two, and nothing else of us.
  entryPoints: ['src/entries.cts', 'src/jest/environment.ts', 'src/jest/suite-process.ts'],
  bundle: true,
  format: 'cjs',
  define: { 'import.meta.url': 'importMetaUrl', ...defineClient() },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  external: [...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }), 'jest-util'],
  outbase: 'src',
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  platform: 'node',
  target: 'node20.19',
  // In code that is kept compiled (src/kept-code.cts) import() does not work on Node 20.
  supported: { 'dynamic-import': false },
  metafile: true,
  logLevel: 'warning',
});
const foreign = includedPackages(Object.keys(metafile.inputs));
const unexpected = foreign.filter((name) => !included.includes(name));
if (unexpected.length > 0)
  throw new Error(`packages that are neither dependencies nor to be included: ${unexpected}`);
for (const path of Object.keys(metafile.outputs)) writeFileSync(path, asciiOf(readFileSync(path, 'utf8')));
// What is sent to other machines, where nothing of ours is installed.
const sent = await build({
  entryPoints: ['src/remote/worker-main.ts'],
  bundle: true,
  write: false,
  outdir: 'dist',
  format: 'cjs',
  define: { 'import.meta.url': 'importMetaUrl', ...defineClient() },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  external: ['osx-temperature-sensor'],
  plugins: [{ name: 'version', setup: withVersion }],
  minifySyntax: true,
  minifyWhitespace: true,
  platform: 'node',
  target: 'node20.19',
  metafile: true,
  logLevel: 'warning',
});
writeFileSync('dist/worker.cjs.gz', gzipSync(sent.outputFiles[0]?.contents ?? '', { level: 9 }));
const embedded = new Set([...foreign, ...includedPackages(Object.keys(sent.metafile.inputs))]);
write('licences.txt', [...embedded].map(licenceOf).join('\n\n'));
const buildId = createHash('sha256').update(readFileSync('dist/entries.cjs')).digest('hex');

/**
 * Entries of the one file, as files of their own. Node looks through a CommonJS file that an ES module imports for the
 * names of its exports. In two lines, because it takes `module.exports = require(…)` for a re-export and would look there
 * too.
 */
const shared = {
  index: 'index',
  'jest/sequencer': 'sequencer',
  'jest/reporter': 'reporter',
  'cli/main': 'main',
};
for (const [path, entry] of Object.entries(shared)) {
  const file = path.includes('/') ? '../kept-code.cjs' : './kept-code.cjs';
  write(
    `${path}.cjs`,
    `const { entryOf } = require('${file}');\nmodule.exports = entryOf('${entry}', '${buildId}');\n`,
  );
}
// CommonJS written by hand: only its types are taken out.
for (const path of ['placement', 'kept-code']) {
  const { outputText } = ts.transpileModule(readFileSync(`src/${path}.cts`, 'utf8'), {
    fileName: `${path}.cts`,
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
    },
  });
  write(`${path}.cjs`, outputText);
}
write('cli/main.js', "#!/usr/bin/env node\nimport './main.cjs';\n");
for (const path of ['index', 'jest/sequencer', 'jest/reporter', 'jest/environment'])
  write(`${path}.js`, wrapperOf(path));

mkdirSync(dirname(stamp), { recursive: true });
writeFileSync(stamp, hash);
say(`built dist in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`);

/** The program has no package.json beside it. @param {import('esbuild').PluginBuild} build */
function withVersion(build) {
  build.onLoad({ filter: /host\/package-version\.ts$/ }, () => ({
    contents: `export const packageVersion = () => ${JSON.stringify(manifest.version)};`,
  }));
}

/** To standard error: `npm pack --json` writes to the other. @param {string} text */
function say(text) {
  process.stderr.write(`${text}\n`);
}

/** What dist was last built from; undefined where no build has ended since. */
function builtFrom() {
  return existsSync('dist/index.cjs') && existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined;
}

/** @param {readonly string[]} paths Files and folders. */
function hashOf(paths) {
  const hashing = createHash('sha256').update(process.version);
  for (const path of paths) {
    const content = statSync(path).isDirectory()
      ? hashOf(
          readdirSync(path)
            .sort()
            .map((name) => join(path, name)),
        )
      : readFileSync(path);
    hashing.update(`${path}\0`).update(content);
  }
  return hashing.digest('hex');
}

/** @param {readonly string[]} inputs Paths of files. @returns {readonly string[]} Names of packages. */
function includedPackages(inputs) {
  const names = inputs.flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
  return [...new Set(names)].sort();
}

/** @param {string} name Of a package. */
function licenceOf(name) {
  const folder = `node_modules/${name}`;
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (file === undefined) throw new Error(`${name} has no licence to copy`);
  return `${name}\n\n${readFileSync(join(folder, file), 'utf8')}`;
}

/**
 * Text that Node reads and V8 parses faster, in half the memory. esbuild leaves other characters only in comments and
 * regular expressions, where an escape means the same.
 * @param {string} text
 */
function asciiOf(text) {
  return text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** @param {string} path Of a CommonJS file in dist, without its ending. */
function wrapperOf(path) {
  const names = Object.keys(createRequire(import.meta.url)(`../dist/${path}.cjs`));
  const named = names.filter((name) => name !== 'default' && name !== '__esModule');
  return [
    `import entry from './${path.split('/').at(-1)}.cjs';`,
    ...(named.length === 0 ? [] : [`export const { ${named.join(', ')} } = entry;`]),
    'export default entry.default;',
    '',
  ].join('\n');
}

/** @param {string} path In dist. @param {string} text */
function write(path, text) {
  mkdirSync(dirname(`dist/${path}`), { recursive: true });
  writeFileSync(`dist/${path}`, text);
}
