import fc from 'fast-check';
import { readDocblock } from '../../../src/config/docblock/docblock.js';

const problemsOf = (source: string, file = 'a.test.js', ignored: readonly string[] = []) =>
  readDocblock(source, file, ignored).problems;

const docblock = '/**\n * @hardware gpu\n * @backend cuda\n */\n';

describe('a pragma in a comment behind code is an error that names its line', () => {
  test.each([
    ['jest.setTimeout', `jest.setTimeout(60000);\n${docblock}test('x', () => {});`, 3],
    ['process.env', `process.env.X = '2';\n${docblock}test('x', () => {});`, 3],
    ['jest.mock', `jest.mock('fs');\n${docblock}test('x', () => {});`, 3],
    ['a declaration', `let model;\n${docblock}describe('x', () => {});`, 3],
    ['another test', `test('y', () => {});\n${docblock}test('x', () => {});`, 3],
    ['a test inside describe', `describe('z', () => {\n${docblock}test('x', () => {});\n});`, 3],
    ['a hook in a hook', `describe('z', () => {\n  beforeAll(() => {\n    // @hardware gpu\n  });\n});`, 3],
    ['the end of the file', `test('y', () => {});\n${docblock}`, 3],
    ['the end of a line', 'const a = 1; /** @hardware gpu */', 1],
    ['the middle of an expression', 'const a = 1 / /* @hardware gpu */ 2;', 1],
    ['a template', `const a = \`\n\${/* @hardware gpu */ 1}\`;`, 2],
    ['a regular expression with quotes', 'const a = /[\'"`/]\\//;\n/** @hardware gpu */', 2],
    ['a comment that minifiers keep', 'let a;\n/*! @hardware gpu */', 2],
    ['line comments of other tastes', 'let a;\n/// @hardware gpu\n', 2],
    ['CRLF', `let a;\r\n${docblock.replaceAll('\n', '\r\n')}`, 3],
    ['a value on the next line', 'let a;\n/**\n * @hardware\n *   gpu\n */', 3],
    ['a remark behind it', 'let a;\n/**\n * @hardware gpu // the big one\n */', 3],
    ['a test that is commented out', "let a;\n/*\ntest('x', () => {\n  /** @hardware gpu */\n", 4],
    ['a name only we use, with a slip', 'let a;\n/** @hardware gpuu */', 2],
  ])('%s', (_, source, line) => {
    expect(problemsOf(source)).toEqual([
      {
        file: 'a.test.js',
        line,
        message: expect.stringMatching(/Jest does not see `@hardware` here: .*for the whole file/),
        expected: expect.any(String),
        found: expect.stringContaining('@hardware'),
        remedy: expect.stringContaining('move it to the top of the file'),
      },
    ]);
  });

  test.each([
    ['an element', 'tsx', 'const a = <p>{/* @hardware gpu */}</p>;'],
    ['an attribute', 'jsx', 'const a = <p /* @hardware gpu */ id="b" />;'],
    ['generics', 'ts', 'const f = <T>(x: T): T => /* @hardware gpu */ <T>x;'],
    ['generics in TSX', 'tsx', 'const f = <T,>(x: T) => <p>{x /* @hardware gpu */}</p>;'],
    ['Flow', 'js', '// @flow\ntype A = {| a: ?number |};\n/** @hardware gpu */\nconst b = (a: A);'],
    ['TypeScript called .js', 'js', 'const a = b as unknown;\n/** @hardware gpu */'],
    ['decorators', 'ts', 'class A { constructor(@Inject() b: B) {}\n /** @hardware gpu */ @c() d() {} }'],
    ['top-level await', 'mjs', "const a = await import('b');\n/* @hardware gpu */"],
    ['CommonJS', 'cjs', 'with (a) b = 010;\n/* @hardware gpu */\nreturn;'],
    ['a language that Babel does not know', 'civet', 'a := 1 |> b\n/* @hardware gpu */'],
  ])('in %s', (_, ending, source) => {
    expect(problemsOf(source, `a.test.${ending}`)).toEqual([
      expect.objectContaining({ message: expect.stringContaining('`@hardware`') }),
    ]);
  });

  test.each([
    ['a value on the next line', '/**\n * @backend\n *   cuda\n */'],
    ['a value with a slip', '/** @backend cudaa */'],
    ['a list with a slip', '// @feature avx2, avx513'],
    ['a flag', '/*\n  @exclusive\n*/'],
  ])('with %s', (_, comment) => expect(problemsOf(`let a;\n${comment}`)).toHaveLength(1));

  test('each comment has its error', () => {
    const inner = '/** @hardware gpu\n @backend cuda */';
    const problems = problemsOf(`/** @cpu 2 */\na;\n${inner}\nb;\n${inner}\n// @lock db`);
    expect(problems.map(({ line }) => line)).toEqual([3, 6, 8]);
  });

  test('one in a common word says how to leave it to another tool', () => {
    expect(problemsOf('let a;\n/** @priority 1 */')[0]?.remedy).toContain('`ignorePragmas`');
    expect(problemsOf('let a;\n/** @priority 1 */', 'a.js', ['priority'])).toEqual([]);
    expect(problemsOf('let a;\n/** @priority 1\n * @hardware gpu */', 'a.js', ['priority'])).toHaveLength(1);
  });
});

test.each([
  ['a string', "let a = '/** @hardware gpu */';"],
  ['a string over two lines', "let a = '\\\n/** @hardware gpu */';"],
  ['a template', 'let a = `\n/**\n * @hardware gpu\n */\n`;'],
  ['a template in a template', `let a = \`\${\`\n * @hardware gpu\`}\n// @hardware gpu\`;`],
  ['a regular expression', 'let a = b ? /\\/* @hardware gpu *\\// : / @hardware gpu/;'],
  ['the text of an element', 'let a = <p>\n  @hardware gpu\n  // @hardware gpu\n</p>;'],
  ['a sentence', 'let a;\n/** This needs @hardware gpu to run. */\n// Without @hardware gpu.'],
  ['code in a sentence', 'let a;\n/**\n * `@hardware gpu` is what it needs.\n */'],
  ['a docblock that was put out of force', 'let a;\n// /**\n//  * @hardware gpu\n//  */\n//test();'],
  ['a remark in a comment', 'let a;\n/**\n * // @hardware gpu\n */'],
  ['decorators', 'let a;\n@exclusive\nclass B { @lock("a") c() {} @priority(1) d() {} }'],
  ['longer names', 'let a;\n/**\n * @hardware-test gpu\n * @exclusiveMinimum 0\n * @cpus 2\n */'],
  ['scoped packages', "import a from '@hardware/gpu';\njest.mock('@backend/cuda');"],
  [
    "words of other tools'",
    'let a;\n/**\n * @feature Login\n * @priority HIGH\n * @backend GET /api\n * @lock\n */',
  ],
])('not in %s', (_, source) => expect(problemsOf(source)).toEqual([]));

test.each([
  ['ts', 'const f = <T>(x: T): T => <T>x;'],
  ['mts', 'enum A { B = 1 } declare module "c" { export = d; }'],
  ['cts', 'import a = require("a"); export = a;'],
  ['tsx', 'const f = <T,>(x: T) => <p>{x satisfies T}</p>;'],
  ['js', '// @flow\ntype A = {| a: ?number |}; const b = (c: A);'],
  ['js', 'const a = b as unknown as string;'],
  ['ts', 'class A { constructor(@Inject() private b: B) {} @c() accessor d = 1; }'],
  ['ts', '@a export class B {} export @c class D {}'],
  ['js', 'using a = b; export v from "c"; const d = do { 1 };'],
])('a string is none in .%s: %s', (ending, code) => {
  const strings = "\nconst s = '/** @hardware gpu */', t = `\n/* @hardware gpu */`;";
  expect(problemsOf(code + strings, `a.test.${ending}`)).toEqual([]);
});

/** Programs with places for a comment, marked `◊`, among what only looks like comments with pragmas. */
const statements = {
  js: [
    '◊',
    'const a = ◊ 4 / 2 / ◊ 1;',
    "describe('a', () => {\n  ◊\n  test('b', ◊ () => {});\n});",
    'const text = \'/* @hardware gpu */\' + ◊ "// @hardware gpu";',
    `const template = \`\n * @hardware gpu\n\${◊ \`/** @backend cuda */\`}\n// @lock db\`;`,
    'const pattern = /[/*] @hardware gpu`\'"/.test(◊ text) ? /\\/\\/ @cpu 2/ : ◊ 1;',
    'if (a) /* a remark */ /@hardware gpu/g.exec(a); ◊',
    'const f = ({ b = ◊ 1 }) => ({ ...b, ◊ });',
    '/** Prose about @hardware gpu. */\nlabel: for (;;) { break label; ◊ }',
    'class A { #b = 1; ◊ static { } get c() { return this.#b / 2; } }',
  ],
  jsx: ['const e = <p ◊ a="/* @hardware gpu */">\n  // @hardware gpu\n  {◊}{"`"}</p>;'],
  ts: [
    'const g = <T,>(x: T): x is ◊ T => true;',
    `type B<C = "/* @hardware gpu */"> = ◊ C | \`\${string}\`;`,
  ],
};

test('a pragma in any comment of a program is read or an error, one in anything else is neither', () => {
  const program = fc
    .constantFrom('js', 'jsx', 'ts', 'tsx')
    .chain((ending) => {
      const known = [
        ...statements.js,
        ...(ending.endsWith('x') ? statements.jsx : []),
        ...(ending.startsWith('t') ? statements.ts : []),
      ];
      const lines = fc.array(fc.constantFrom(...known), { minLength: 1, maxLength: 8 });
      return fc.record({ ending: fc.constant(ending), lines });
    })
    .map(({ ending, lines }) => ({ ending, text: `◊${lines.join('\n')}\n◊` }));
  const pragma = fc.constantFrom(
    'hardware gpu',
    'backend cuda',
    'min-memory 2GiB',
    'lock db',
    'cpu 2',
    'exclusive',
  );
  const comment = fc.constantFrom(
    (text: string) => `/* @${text} */`,
    (text: string) => `/**\n * @${text}\n */`,
    (text: string) => `/*\n@${text}*/`,
    (text: string) => `/** Words.\n *\n * @${text}\n *\n * @returns nothing */`,
    (text: string) => `// @${text}\n`,
  );
  fc.assert(
    fc.property(program, pragma, comment, fc.nat(), ({ ending, text }, written, write, where) => {
      const places = text.split('◊');
      const place = where % (places.length - 1);
      const file = `a.test.${ending}`;
      const without = places.join('');
      expect(readDocblock(without, file)).toEqual({ pragmas: [], problems: [] });
      const before = places.slice(0, place + 1).join('');
      const inserted = write(written);
      const { pragmas, problems } = readDocblock(
        `${before}${inserted}${places.slice(place + 1).join('')}`,
        file,
      );
      const line = `${before}${inserted.slice(0, inserted.indexOf('@'))}`.split('\n').length;
      const isDocblock = before.trim() === '' && inserted.startsWith('/*');
      expect(pragmas.map((each) => each.line)).toEqual(isDocblock ? expect.arrayContaining([line]) : []);
      expect(problems.map((each) => each.line)).toEqual(isDocblock ? [] : [line]);
    }),
    { numRuns: 300 },
  );
});
