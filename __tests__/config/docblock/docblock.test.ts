import fc from 'fast-check';
import { extract, parse } from 'jest-docblock';
import { readDocblock } from '../../../src/config/docblock/docblock.js';
import { pragmaNames } from '../../../src/core/workload/pragmas.js';

const file = 'a.test.ts';
const read = (source: string) => readDocblock(source, file);
const whatJestSees = (source: string) => ({ ...parse(extract(source)) });

const code = "\ntest('x', () => {});\n";
const tagged = '/**\n * @hardware gpu\n * @exclusive\n */\n';

describe('what Jest sees, with lines', () => {
  test.each([
    ['a plain docblock', tagged + code, [2, 3]],
    ['CRLF', tagged.replaceAll('\n', '\r\n') + code, [2, 3]],
    ['a byte order mark', `\uFEFF${tagged}`, [2, 3]],
    ['blank lines first', `\n\n${tagged}`, [4, 5]],
    ['blank lines first with CRLF', `\r\n\r\n${tagged.replaceAll('\n', '\r\n')}`, [4, 5]],
    ['a plain comment', tagged.replace('/**', '/*'), [2, 3]],
    ['no stars', '/**\n@hardware gpu\n@exclusive\n*/', [2, 3]],
    ['text before', '/**\n * Runs a model.\n *\n * @hardware gpu\n *\n * @exclusive\n */', [4, 6]],
    ['text after an empty line', '/**\n * @hardware gpu\n * @exclusive\n *\n * Runs a model.\n */', [2, 3]],
    ['a remark', '/**\n * @hardware gpu // the big one\n * @exclusive\n */', [2, 3]],
    [
      'a remark that names a pragma',
      '/**\n * @hardware gpu // needs no @feature\n * @exclusive\n */',
      [2, 3],
    ],
    [
      'a pragma named in the text',
      '/**\n * Needs `@hardware gpu`, no {@lock x} and no @cpu pragma.\n * @hardware gpu\n * @exclusive */',
      [3, 4],
    ],
    ['a tab before the value', '/**\n * @hardware\tgpu\n * @exclusive\n */', [2, 3]],
  ])('%s', (_, source, [hardware, exclusive]) => {
    expect(read(source)).toEqual({
      pragmas: [
        { name: 'hardware', value: 'gpu', line: hardware },
        { name: 'exclusive', value: '', line: exclusive },
      ],
      problems: [],
    });
    expect(whatJestSees(source)).toMatchObject({ exclusive: '' });
  });

  test.each([
    '/** @hardware gpu */',
    '/* @hardware gpu */',
    '/**@hardware gpu*/',
    '\uFEFF/** @hardware gpu */',
  ])('%s', (source) => {
    expect(read(source + code)).toEqual({
      pragmas: [{ name: 'hardware', value: 'gpu', line: 1 }],
      problems: [],
    });
  });

  test('repetition keeps both lines, other tools keep their pragmas', () => {
    const source = '/**\n * @lock a\n * @jest-environment jsdom\n * @lock b\n */';
    expect(read(source).pragmas).toEqual([
      { name: 'lock', value: 'a', line: 2 },
      { name: 'jest-environment', value: 'jsdom', line: 3 },
      { name: 'lock', value: 'b', line: 4 },
    ]);
  });

  test('a list goes on after a comma', () => {
    const source = '/**\n * @hardware gpu,\n *   npu,\n *   cpu\n */';
    expect(read(source)).toEqual({
      pragmas: [{ name: 'hardware', value: 'gpu, npu, cpu', line: 2 }],
      problems: [],
    });
  });

  test.each([
    '',
    code,
    "import x from 'y';\n",
    '/** no pragmas */',
    '// only a remark',
    '/* open',
    "'use strict'",
  ])('nothing in %j', (source) => expect(read(source)).toEqual({ pragmas: [], problems: [] }));
});

describe('comments that Jest does not see', () => {
  test.each([
    ['a licence comment', `/* (c) Somebody, MIT */\n${tagged}`, 3, 'another comment stands first'],
    ['a licence docblock', `/**\n * @license MIT\n */\n\n${tagged}`, 6, 'another comment stands first'],
    ['// @ts-check', `// @ts-check\n${tagged}`, 3, '`//` comment stands first'],
    ["'use strict'", `'use strict';\n${tagged}`, 3, "`'use strict'` stands first"],
    ['"use client"', `"use client"\n${tagged}`, 3, "`'use strict'` stands first"],
    ['a shebang', `#!/usr/bin/env node\n${tagged}`, 3, '`#!` line stands first'],
    ['a shebang and CRLF', `#!/usr/bin/env node\r\n${tagged.replaceAll('\n', '\r\n')}`, 3, '`#!` line'],
    ['an import', `import { a,\n  type b } from './x.js';\nimport 'y';\n${tagged}`, 5, 'code stands first'],
    [
      'an import with attributes',
      `import a from './a.json' with { type: 'json' };\n${tagged}`,
      3,
      'code stands first',
    ],
    ['a require', `const { a, b: c } = require('x');\n${tagged}`, 3, 'code stands first'],
    ['a licence, then a shebang', `/* MIT */ // x\n${tagged}`, 3, 'another comment'],
    ['a name only we use, with a bad value', '// x\n/** @hardware gpuu */', 2, '`//` comment'],
    [
      'a function further down',
      `${code}/**\n * @hardware gpu\n */\nfunction f() {}`,
      4,
      'hold for the whole file',
    ],
    ['the first function', `jest.mock('x');\n/** @hardware gpu */\nfunction f() {}`, 2, 'for the whole file'],
    ['old Mac line ends', '/**\r * @hardware gpu\r */\r', 2, 'cannot read'],
  ])('%s', (_, source, line, why) => {
    expect(whatJestSees(source)).not.toHaveProperty('hardware');
    const { pragmas, problems } = read(source + code);
    expect(pragmas.filter(({ name }) => name === 'hardware')).toEqual([]);
    expect(problems).toEqual([
      {
        file,
        line,
        message: expect.stringContaining('Jest does not see `@hardware` here'),
        expected: expect.any(String),
        found: expect.stringContaining('@hardware gpu'),
        remedy: expect.any(String),
      },
    ]);
    expect(problems[0]?.message).toContain(why);
  });

  test('pragmas in a line comment', () => {
    expect(read(`// @hardware gpu\n${code}`).problems).toEqual([
      expect.objectContaining({ line: 1, message: expect.stringContaining('this is a `//` comment') }),
    ]);
  });

  test('beside a docblock that Jest does see', () => {
    const { pragmas, problems } = read(`/** @cpu 2 */\n/** @hardware gpu */${code}`);
    expect(pragmas).toEqual([{ name: 'cpu', value: '2', line: 1 }]);
    expect(problems).toEqual([expect.objectContaining({ line: 2 })]);
  });

  test.each([
    ['a string', "const text = '/** @hardware gpu */';"],
    ['a template in an import', "import x from '@hardware/gpu';\nconst y = `\n/**\n * @hardware gpu\n */`;"],
    [
      'common words of other tools',
      '/* MIT */\n/**\n * @feature Login page\n * @priority high\n * @lock\n */',
    ],
    ['a name that only starts like ours', '/* MIT */\n/** @hardware-test\n * @cpus 2 */'],
    ['text about pragmas', '/* MIT */\n/** Without `@hardware gpu` this is skipped. See @hardware. */'],
  ])('not in %s', (_, source) => expect(read(source)).toEqual({ pragmas: expect.any(Array), problems: [] }));
});

describe('text glued to a value', () => {
  test.each([
    ['under a value', '/**\n * @hardware gpu\n * Runs a model.\n */', 2, 'gpu Runs a model.'],
    ['under a flag', '/**\n * @exclusive\n * Runs a model.\n * Slowly.\n */', 2, 'Runs a model. Slowly.'],
    ['under CRLF', '/**\r\n * @cpu 2\r\n * threads\r\n */', 2, '2 threads'],
    ['a value on the next line', '/**\n * @hardware\n *   gpu\n */', 2, 'gpu'],
  ])('%s', (_, source, line, glued) => {
    expect(Object.values(whatJestSees(source))).toEqual([glued]);
    expect(read(source)).toEqual({
      pragmas: [],
      problems: [
        expect.objectContaining({
          file,
          line,
          found: glued,
          remedy: expect.stringContaining('empty comment line'),
        }),
      ],
    });
  });

  test('the second of two equal pragmas', () => {
    const { pragmas, problems } = read('/**\n * @lock a\n * @lock b\n * text\n */');
    expect(pragmas).toEqual([{ name: 'lock', value: 'a', line: 2 }]);
    expect(problems).toEqual([expect.objectContaining({ line: 3, found: 'b text' })]);
  });

  test('text under the pragma of another tool is none of our business', () => {
    expect(read('/**\n * @license MIT\n * All rights reserved.\n */').problems).toEqual([]);
  });
});

describe('pragmas behind something on their line', () => {
  test.each([
    [
      'two pragmas',
      '/**\n * @hardware gpu @min-memory 2GiB\n */',
      'min-memory',
      'belongs to the value of `@hardware`',
    ],
    [
      'two on one line',
      '/** @exclusive @hardware gpuu */',
      'hardware',
      'belongs to the value of `@exclusive`',
    ],
    [
      'a flag with others',
      '/**\n * @jest-environment jsdom @hardware gpu\n */',
      'hardware',
      '`@jest-environment`',
    ],
    ['text first', '/** Vision tests @hardware gpu */', 'hardware', 'not the first thing on its line'],
    ['a list item', '/**\n * - @hardware gpu\n */', 'hardware', 'not the first thing on its line'],
    ['a tab', '/**\n\t* @hardware gpuu\n\t*/', 'hardware', 'a tab precedes it'],
    ['a second opening', '/**\n/** @hardware gpu */', 'hardware', 'not the first thing on its line'],
    ['two stars', '/**\n ** @hardware gpu\n */', 'hardware', 'not the first thing on its line'],
  ])('%s', (_, source, hidden, why) => {
    expect(whatJestSees(source)).not.toHaveProperty(hidden);
    const { problems } = read(source);
    expect(problems).toEqual([
      expect.objectContaining({ file, message: expect.stringContaining(`\`@${hidden}\``) }),
    ]);
    expect(problems[0]?.message).toContain(why);
  });

  test.each([
    '/**\n * @see the @hardware pragma of the README\n */',
    '/**\n * @param {@lock} x me@hardware\n */',
    '/**\n * @license MIT @feature of many\n */',
  ])('not in %j', (source) => expect(read(source).problems).toEqual([]));
});

test('no text makes the reader throw, and every line it gives holds what it names', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '/**',
      '*/',
      '/*',
      '//',
      '\n',
      '\r\n',
      '\r',
      ' * ',
      '\t',
      ' ',
      "'use strict';",
      '#!x',
      '\uFEFF',
      '\u2028',
    ),
    fc.constantFrom(...pragmaNames).map((name) => `@${name}`),
    fc.constantFrom('gpu', 'gpu, ', '2GiB', '@', '@param x', 'text', "import x from 'y';", 'code();'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const source = pieces.join('');
      const { pragmas, problems } = read(source);
      const lines = source.split(/\r\n|[\n\r]/);
      for (const { name, line } of pragmas) expect(lines[(line ?? 0) - 1]).toContain(`@${name}`);
      for (const { message, line } of problems) {
        expect(lines[(line ?? 0) - 1]).toContain(/`@([^`]+)`/.exec(message)?.[0].slice(1, -1));
      }
    }),
    { numRuns: 500 },
  );
});

test('no pragma of ours in the first comment is lost: it is read or it is a problem', () => {
  const values = { hardware: 'gpu', 'min-memory': '2GiB', cpu: '2', lock: 'db' };
  const comment = fc.oneof(
    fc.tuple(
      fc.constantFrom('', '\n', '\uFEFF'),
      fc.constantFrom(' * ', '', ' *', '\t* ', ' ** ', '  ', ' * - ', ' * text ', '/** '),
    ),
    fc.tuple(
      fc.constantFrom('/* MIT */\n', '// @ts-check\n', "'use strict';\n", '#!/bin/x\n', "import 'x';\n"),
      fc.constantFrom(' * ', '', ' *', '\t* ', ' ** ', '  '),
    ),
  );
  const pragma = fc.constantFrom(...Object.entries(values)).map(([name, value]) => `@${name} ${value}`);
  fc.assert(
    fc.property(comment, pragma, fc.constantFrom('\n', '\r\n'), ([before, lead], text, end) => {
      const { pragmas, problems } = read(`${before}/**${end}${lead}${text}${end} */${end}${code}`);
      expect(pragmas.length + problems.length).toBe(1);
    }),
  );
});
