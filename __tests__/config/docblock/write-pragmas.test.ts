import fc from 'fast-check';
import { readDocblock } from '../../../src/config/docblock/docblock.js';
import { withPragmas } from '../../../src/config/docblock/write-pragmas.js';

const memory = { name: 'host-memory', value: '512MiB' };
const time = { name: 'max-time', value: '2m' };

test.each([
  [
    'nothing',
    "test('x', () => {});\n",
    "/**\n * @host-memory 512MiB\n * @max-time 2m\n */\ntest('x', () => {});\n",
  ],
  [
    'a docblock',
    '/**\n * Words.\n *\n * @hardware gpu\n */\nx;\n',
    '/**\n * Words.\n *\n * @hardware gpu\n * @host-memory 512MiB\n * @max-time 2m\n */\nx;\n',
  ],
  [
    'values that stand there',
    '/**\n * @max-time 10s\n * @hardware gpu\n */\nx;\n',
    '/**\n * @max-time 2m\n * @hardware gpu\n * @host-memory 512MiB\n */\nx;\n',
  ],
  [
    'one line',
    '/** @hardware gpu */\nx;\n',
    '/**\n * @hardware gpu\n * @host-memory 512MiB\n * @max-time 2m\n */\nx;\n',
  ],
  [
    'Windows',
    '/**\r\n * @hardware gpu\r\n */\r\nx;',
    '/**\r\n * @hardware gpu\r\n * @host-memory 512MiB\r\n * @max-time 2m\r\n */\r\nx;',
  ],
])('%s', (_what, before, after) => {
  expect(withPragmas(before, [memory, time])).toBe(after);
});

test('what cannot be done safely is not done', () => {
  expect(withPragmas('#!/usr/bin/env node\nx;\n', [memory])).toBeUndefined();
  expect(withPragmas('// licence\n/**\n * @hardware gpu\n */\n', [memory])).toBeUndefined();
});

test('whatever stands there, the pragmas are read and the code stays', () => {
  const lines = fc.array(
    fc.constantFrom(
      ' * Words.',
      ' *',
      ' * @hardware gpu',
      ' * @max-time 10s',
      ' * @host-memory 1GiB',
      ' * @jest-environment node',
    ),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(lines, fc.boolean(), fc.string(), (body, hasDocblock, code) => {
      const source = `${hasDocblock ? `/**\n${[...new Set(body)].join('\n')}\n */\n` : ''}const x = 1; ${code}`;
      const written = withPragmas(source, [memory, time]);
      if (written === undefined) return;
      expect(written.endsWith(`const x = 1; ${code}`)).toBe(true);
      const read = new Map(readDocblock(written, 'f').pragmas.map(({ name, value }) => [name, value]));
      expect(read.get('host-memory')).toBe('512MiB');
      expect(read.get('max-time')).toBe('2m');
      expect(withPragmas(written, [memory, time])).toBe(written);
    }),
  );
});

test("other tools' words stay as they are", () => {
  const feature = '/**\n * @feature Login page\n */\n';
  // With a name of ours beside it, the word would be ours.
  expect(withPragmas(feature, [memory])).toBeUndefined();
  expect(withPragmas(feature, [memory], ['feature'])).toBe(
    '/**\n * @feature Login page\n * @host-memory 512MiB\n */\n',
  );
  expect(withPragmas('/**\n * @cpu ARM of any kind\n */\n', [{ name: 'cpu', value: '2' }])).toBeUndefined();
});
