import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import { wrapModule } from '../../src/init/wrap-module.js';

const esm = "import { withHardware } from 'jest-runner-hardware';";
const cjs = "const { withHardware } = require('jest-runner-hardware');";

/** What a person would have written. */
const forms: Readonly<Record<string, readonly [before: string, after: string]>> = {
  'CommonJS, an object': [
    'module.exports = { a: 1 };\n',
    `${cjs}\n\nmodule.exports = withHardware({ a: 1 });\n`,
  ],
  'CommonJS, a variable as create-jest writes it': [
    "/**\n * For a detailed explanation …\n */\n\n/** @type {import('jest').Config} */\nconst config = {\n  // clearMocks: false,\n\n  clearMocks: true,\n};\n\nmodule.exports = config;\n",
    `/**\n * For a detailed explanation …\n */\n\n${cjs}\n\n/** @type {import('jest').Config} */\nconst config = {\n  // clearMocks: false,\n\n  clearMocks: true,\n};\n\nmodule.exports = withHardware(config);\n`,
  ],
  'next/jest': [
    "const nextJest = require('next/jest')\n\nconst createJestConfig = nextJest({ dir: './' })\n\nmodule.exports = createJestConfig({ a: 1 })\n",
    "const nextJest = require('next/jest')\nconst { withHardware } = require('jest-runner-hardware')\n\nconst createJestConfig = nextJest({ dir: './' })\n\nmodule.exports = withHardware(createJestConfig({ a: 1 }))\n",
  ],
  'an async function in CommonJS, called': [
    '"use strict";\n\nmodule.exports = async () => ({ ...(await base()), a: 1 });',
    '"use strict";\n\nconst { withHardware } = require("jest-runner-hardware");\n\nmodule.exports = withHardware(async () => ({ ...(await base()), a: 1 }));',
  ],
  'a function below its use': [
    'module.exports = config;\n\nasync function config() {\n  return {};\n}\n',
    `${cjs}\n\nmodule.exports = withHardware(config);\n\nasync function config() {\n  return {};\n}\n`,
  ],
  'ES module, an object': [
    'export default { a: 1 }\n',
    `${esm.slice(0, -1)}\n\nexport default withHardware({ a: 1 })\n`,
  ],
  'ES module, a function declaration': [
    'export default async function config() {\n  return { a: 1 };\n}\n',
    `${esm}\n\nexport default withHardware(async function config() {\n  return { a: 1 };\n});\n`,
  ],
  'ES module, a call': [
    'import { defineConfig } from "jest"; // the helper\n\nexport default defineConfig({ a: 1 });\n',
    'import { defineConfig } from "jest"; // the helper\nimport { withHardware } from "jest-runner-hardware";\n\nexport default withHardware(defineConfig({ a: 1 }));\n',
  ],
  'a JSDoc cast': [
    "// @ts-check\n\nexport default /** @type {import('jest').Config} */ ({ a: 1 });\n",
    `// @ts-check\n\n${esm}\n\nexport default withHardware(/** @type {import('jest').Config} */ ({ a: 1 }));\n`,
  ],
  'TypeScript, satisfies': [
    "import type { Config } from 'jest';\n\nexport default {\n  a: 1,\n} satisfies Config;\n",
    `import type { Config } from 'jest';\n${esm}\n\nexport default withHardware({\n  a: 1,\n} satisfies Config);\n`,
  ],
  'TypeScript, export =': [
    "import type { Config } from 'jest';\nconst config: Config = {};\nexport = config;\n",
    "import type { Config } from 'jest';\nimport hardware = require('jest-runner-hardware');\nconst config: Config = {};\nexport = hardware.withHardware(config);\n",
  ],
  "Jest's own docblock stays first": [
    '/** @jest-config-loader ts-node */\nexport default {};\n',
    `/** @jest-config-loader ts-node */\n${esm}\n\nexport default withHardware({});\n`,
  ],
  'line ends of Windows, a byte order mark, tabs': [
    "\uFEFFimport a from './a';\r\n\r\nexport default {\r\n\ta,\r\n};\r\n",
    `\uFEFFimport a from './a';\r\n${esm}\r\n\r\nexport default withHardware({\r\n\ta,\r\n});\r\n`,
  ],
  'all on one line': [
    "const a = require('./a'); module.exports = { a };",
    `const a = require('./a');\n${cjs}\n module.exports = withHardware({ a });`,
  ],
  'imported as a whole already': [
    "const hardware = require('jest-runner-hardware');\nmodule.exports = {};\n",
    "const hardware = require('jest-runner-hardware');\nmodule.exports = hardware.withHardware({});\n",
  ],
  'imported already, not called': [
    `${cjs.replace('withHardware', 'withHardware: wrap')}\nmodule.exports = { a: 1 };\n`,
    `${cjs.replace('withHardware', 'withHardware: wrap')}\nmodule.exports = wrap({ a: 1 });\n`,
  ],
};

test.each(Object.entries(forms))('%s', (_, [before, after]) => {
  expect(wrapModule(before, 'jest.config')).toBe(after);
});

test.each(Object.entries(forms))('%s: done once, there is nothing left to do', (_, [, after]) => {
  expect(wrapModule(after, 'jest.config')).toBe(after);
});

const refused: Readonly<Record<string, readonly [source: string, line: number, why: string]>> = {
  'no config': ['\nexport const config = {};\n', 1, 'exports no config'],
  'an empty file': ['', 1, 'exports no config'],
  'keys set later': ['module.exports = {};\n\nmodule.exports.a = 1;\n', 3, '`module.exports` is used here'],
  'keys one by one': ["'use strict';\nexports.a = 1;\n", 2, 'one by one'],
  'set in a block': [
    'if (process.env.CI) {\n  module.exports = {};\n}\n',
    2,
    '`module.exports` is used here',
  ],
  'changed after it is exported': [
    'const config = {};\nexport default config;\nconfig.a = 1;\n',
    3,
    '`config` is still used after it is exported',
  ],
  'a list of exports': ['const config = {};\nexport { config as default };\n', 2, 'by a list'],
  're-exported': ["export { default } from './base.js';\n", 1, 'by a list'],
  'a class': ['export default class {}\n', 1, 'a class'],
  'two configs': ['module.exports = {};\nmodule.exports = {};\n', 2, 'a second config'],
  'a function that calls itself': ['export default function make() {\n  return make;\n}\n', 2, 'still used'],
  'the name is taken': [
    'const withHardware = (x) => x;\nmodule.exports = withHardware({});\n',
    1,
    'another thing',
  ],
  'not JavaScript': ['module.exports = {\n', 2, 'cannot be parsed'],
};

test.each(Object.entries(refused))(
  'refused, with the line and what to write by hand: %s',
  (_, [source, line, why]) => {
    const attempt = () => wrapModule(source, 'jest.config.js');
    expect(attempt).toThrow(UsageError);
    expect(attempt).toThrow(`jest.config.js:${line}: `);
    expect(attempt).toThrow(why);
    expect(attempt).toThrow('remedy:   wrap the config by hand: `withHardware(config)`');
  },
);
