import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import { type JsonConfig, wrapJson } from '../../src/init/wrap-json.js';

const root: JsonConfig = { file: 'jest.config.json', at: [], isProject: false };
const wrapped = (text: string, config: Partial<JsonConfig> = {}) => wrapJson(text, { ...root, ...config });
const ours = {
  runner: 'jest-runner-hardware',
  testSequencer: 'jest-runner-hardware/sequencer',
  reporters: ['default', 'jest-runner-hardware/reporter'],
};

test('comments, indentation and line ends stay', () => {
  expect(wrapped('// mine\r\n{\r\n   "bail": 1 // soon\r\n}\r\n', { isProject: true })).toBe(
    '// mine\r\n{\r\n   "bail": 1, // soon\r\n   "runner": "jest-runner-hardware"\r\n}\r\n',
  );
});

test('on one line, and with a comment that belongs to the last key', () => {
  const rest =
    '"testSequencer": "jest-runner-hardware/sequencer", "reporters": ["default", "jest-runner-hardware/reporter"]';
  expect(wrapped('{ "a": [1,2]  /* b */ }')).toBe(
    `{ "a": [1,2], "runner": "jest-runner-hardware", ${rest}  /* b */ }`,
  );
});

test('a byte order mark stays', () => {
  expect(wrapped('\uFEFF{}')).toMatch(/^\uFEFF\{/);
});

test.each([
  ['nothing yet', {}, ours],
  [
    'reporters of the user',
    { reporters: [['jest-junit', { a: 1 }]] },
    { ...ours, reporters: [['jest-junit', { a: 1 }], 'jest-runner-hardware/reporter'] },
  ],
  [
    'a sequencer of the user goes on deciding',
    { testSequencer: './mine.js' },
    { ...ours, runner: ['jest-runner-hardware', { testSequencer: './mine.js' }] },
  ],
  [
    'inline projects, one with another runner',
    { projects: [{ displayName: 'a' }, { runner: 'jest-runner-eslint' }, '<rootDir>/b'] },
    {
      ...ours,
      projects: [
        { displayName: 'a', runner: 'jest-runner-hardware' },
        { runner: 'jest-runner-eslint' },
        '<rootDir>/b',
      ],
    },
  ],
])('%s', (_, before, after) => {
  const text = wrapped(JSON.stringify(before, undefined, 2));
  expect(JSON.parse(text)).toEqual(after);
  expect(wrapped(text)).toBe(text);
});

test('a project named by a path gets the runner alone', () => {
  expect(JSON.parse(wrapped('{}', { isProject: true }))).toEqual({ runner: 'jest-runner-hardware' });
});

test.each([
  ['{ "runner": "jest-runner-eslint" }', 'the config names another runner'],
  ['[]', 'there is no Jest config in this file'],
])('refused with a remedy: %s', (text, message) => {
  expect(() => wrapped(text)).toThrow(UsageError);
  expect(() => wrapped(text)).toThrow(message);
  expect(() => wrapped(text)).toThrow(/remedy: /);
});
