import { createRequire } from 'node:module';
import fc from 'fast-check';
import { profileOf } from '../../src/config/docblock/profile.js';
import { globMatcher } from '../../src/config/glob.js';
import { parseOptions } from '../../src/config/options.js';

const { globsToMatcher } = createRequire(import.meta.url)('jest-util') as typeof import('jest-util');

const pieces = [
  'a',
  'b',
  '*',
  '**',
  '**/',
  '/',
  '?',
  '.',
  '[ab]',
  '[!a]',
  '{a,b}',
  '{1..3}',
  '+(a|b)',
  '?(*.)',
  '!(a)',
  '@(a|b)',
  '*(a)',
  '\\*',
  '(a|b)',
  '[[:alpha:]]',
  '-',
  'é',
];

test('a glob matches what it matches in testMatch', () => {
  const glob = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 6 });
  const path = fc.array(fc.constantFrom('a', 'b', '/', '.', '2', 'é', '*', '-'), {
    minLength: 1,
    maxLength: 7,
  });
  fc.assert(
    fc.property(glob, path, (parts, letters) => {
      const [text, file] = [parts.join(''), letters.join('')];
      expect([text, file, globMatcher(text)?.(file)]).toEqual([text, file, globsToMatcher([text])(file)]);
    }),
    { numRuns: 2000 },
  );
});

// With backtracking each would take years.
test.each([
  ['+(a|a*)b', 'a'.repeat(300)],
  ['+(*a)b', 'a'.repeat(300)],
  ['+(+(a)|+(a*))b', 'a'.repeat(300)],
  ['!(a)+(a|a?)b', 'a'.repeat(300)],
  [`${'*a'.repeat(30)}b`, 'a'.repeat(300)],
  [`${'**/a/'.repeat(30)}b`, 'a/'.repeat(150)],
  ['{a*,a*a*}+(a*|*a)b', 'a'.repeat(300)],
])('%s comes to an end', (glob, suitePath) => {
  const options = parseOptions({ profiles: { [glob]: { hardware: 'gpu' } } }, 'options');
  const outcome = profileOf({ source: '', file: suitePath, suitePath, options });
  expect(outcome.profile?.hardware).toEqual([{ class: 'cpu', count: 1 }]);
  expect(globMatcher(glob)?.(suitePath)).toBe(false);
});

test('a glob that is longer than any path is refused', () => {
  const glob = '*a'.repeat(1000);
  expect(() => parseOptions({ profiles: { [glob]: { hardware: 'gpu' } } }, 'options')).toThrow(
    'this glob cannot be matched in reasonable time',
  );
});
