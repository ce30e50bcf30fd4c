/**
 * Jest's transformer for our own TypeScript: by esbuild, as in the build. Each file is translated without a look at
 * others, so that no test waits for a type checker; `tsc` checks types.
 */
const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { runInNewContext } = require('node:vm');
const { transformSync, version } = require('esbuild');
const { defineClient } = require('./bundle-client.cjs');

/** @type {import('esbuild').TransformOptions} */
const options = {
  loader: 'ts',
  format: 'esm',
  target: 'node20.19',
  sourcemap: 'inline',
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
};

/** The language's own (`Math`, `Map`, ...), without the clock, which tests replace. */
const builtIns = runInNewContext('Object.getOwnPropertyNames(globalThis)').filter(
  (/** @type {string} */ name) => /^[A-Z]/.test(name) && name !== 'Date',
);

const self = readFileSync(__filename);

/** @type {import('@jest/transform').SyncTransformer} */
const transformer = {
  getCacheKey: (source, path) =>
    createHash('sha256')
      .update(self)
      .update([version, process.version, path, source, ...Object.values(definedIn(path))].join('\0'))
      .digest('hex'),
  process: (source, sourcefile) => ({
    code: transformSync(source, {
      ...options,
      banner: constantsFor(source),
      define: definedIn(sourcefile),
      sourcefile,
    }).code,
  }),
};

module.exports = transformer;

/** One module holds the HTML report's browser code as text. @param {string} path @returns {Record<string, string>} */
function definedIn(path) {
  return /[\\/]html[\\/]client-bundle\.ts$/.test(path) ? defineClient() : {};
}

/**
 * In the context that Jest makes for each test file, every access to a global is a call into C++: three quarters of
 * what a test of the planner took. A constant of the module is a load.
 * @param {string} source
 */
function constantsFor(source) {
  const words = new Set(source.match(/\b[A-Z]\w*/g));
  const names = builtIns.filter((/** @type {string} */ name) => words.has(name));
  return names.length === 0 ? '' : `const { ${names.join(', ')} } = globalThis;`;
}
