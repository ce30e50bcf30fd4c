import fc from 'fast-check';
import ts from 'typescript';
import { wrapModule } from '../../src/init/wrap-module.js';

const heads = [
  '',
  '#!/usr/bin/env node\n',
  '// @ts-check\n',
  '/* licence */\n\n',
  "'use strict';\n\n",
] as const;
const imports = {
  esm: [
    '',
    "import a from 'a';\n",
    "import { a } from 'a' // why\n\n",
    "import type { Config } from 'jest';\n",
  ],
  cjs: ['', "const a = require('a');\n", "const { a } = require('a')\n\n", "require('dotenv').config()\n"],
} as const;
const betweens = [
  '',
  '\n',
  '/** @type {Config} */\n',
  'const own = { "x": `1` }; // withHardware(\n',
] as const;
const configs = [
  '{}',
  "{\n\t// module.exports = 1\n\ta: ')',\n}",
  'async () => ({ ...own })',
  'function () { return {}; }',
  '[1, 2].reduce((x) => x, {})',
  '/** @type {Config} */ ({ a: 1 })',
  'await0 ? { a: 1 } : { a: 2 }',
  '({ a: 1 }, { a: 2 })',
  'new Config({ a: /[)]/ })',
  'nextJest({ dir: "./" })({ a: 1 })',
] as const;
const typed = ['', ' satisfies Config', ' as Config', '!'] as const;

const source = fc
  .record({
    kind: fc.constantFrom('esm' as const, 'cjs' as const),
    head: fc.constantFrom(...heads),
    imported: fc.nat(3),
    between: fc.constantFrom(...betweens),
    config: fc.constantFrom(...configs),
    type: fc.constantFrom(...typed),
    semicolon: fc.boolean(),
    windows: fc.boolean(),
  })
  .map(({ kind, head, imported, between, config, type, semicolon, windows }) => {
    const opened = kind === 'esm' ? 'export default ' : 'module.exports = ';
    // A declaration takes no type; an arrow function needs parentheses before one.
    const typedConfig = /^(?:function|async)/.test(config) || type === '' ? config : `(${config})${type}`;
    const text = `${head}${imports[kind][imported]}${between}${opened}${typedConfig}${semicolon ? ';' : ''}\n`;
    return windows ? text.replaceAll('\n', '\r\n') : text;
  });

test('any config: only insertions, which make a program that calls withHardware once; a second time nothing', () => {
  fc.assert(
    fc.property(source, (before) => {
      const after = wrapModule(before, 'jest.config.ts');
      expect(syntaxErrors(after)).toEqual([]);
      expect(withoutInsertions(after, before)).toBe(before);
      expect(wrapModule(after, 'jest.config.ts')).toBe(after);
    }),
    { numRuns: 300 },
  );
});

/** The import with its line ends, the call, and its closing parenthesis, taken out. */
function withoutInsertions(after: string, before: string): string {
  const line =
    /(?:import \{ withHardware \} from|const \{ withHardware \} = require\()\s?['"]jest-runner-hardware['"]\)?;?/;
  const [above = '', below = ''] = after.split(line);
  const call = below.indexOf('withHardware(', below.search(/export default|module\.exports =/));
  const opened = below.slice(0, call) + below.slice(call + 'withHardware('.length);
  const close = opened.lastIndexOf(')');
  const semicolon = !/;\s*$/.test(before) && opened[close + 1] === ';' ? 1 : 0;
  const body = opened.slice(0, close) + opened.slice(close + 1 + semicolon);
  // Blank lines around the import are ours as well.
  const breaks = above.length + body.length - before.length;
  for (let left = 0; left <= breaks; left++) {
    const text = above.slice(0, above.length - left) + body.slice(breaks - left);
    if (text === before) return text;
  }
  return above + body;
}

function syntaxErrors(text: string) {
  const { diagnostics = [] } = ts.transpileModule(text, {
    reportDiagnostics: true,
    fileName: 'jest.config.ts',
  });
  return diagnostics.map(({ messageText }) => messageText);
}
