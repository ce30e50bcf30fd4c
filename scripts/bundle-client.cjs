/** Makes one text of the HTML report's browser code and one of its style. The build and Jest's transformer put them in. */
const { join } = require('node:path');
const { buildSync } = require('esbuild');

const folder = join(__dirname, '../src/report/formats/html/client');

/** What esbuild puts in the place of `bundledClient`. */
function defineClient() {
  const { outputFiles } = buildSync({
    entryPoints: [join(folder, 'main.ts'), join(folder, 'style.css')],
    bundle: true,
    minify: true,
    // Beside HTML: no text of the code may end its element, which esbuild sees to.
    format: 'iife',
    platform: 'browser',
    target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
    charset: 'utf8',
    outdir: 'unused',
    write: false,
    logLevel: 'warning',
    tsconfigRaw: {},
  });
  const textOf = (/** @type {string} */ ending) =>
    outputFiles.find(({ path }) => path.endsWith(ending))?.text.trim() ?? '';
  return { bundledClient: JSON.stringify({ script: textOf('.js'), style: textOf('.css') }) };
}

module.exports = { defineClient };
