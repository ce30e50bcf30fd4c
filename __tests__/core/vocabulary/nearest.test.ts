import fc from 'fast-check';
import { editDistance, nearest } from '../../../src/core/vocabulary/nearest.js';
import { backends, deviceClasses } from '../../../src/core/vocabulary/taxonomy.js';

test.each([
  ['gpi', deviceClasses, 'gpu'],
  ['gup', deviceClasses, 'gpu'],
  ['CPU', deviceClasses, 'cpu'],
  ['tensorflwo', backends, 'tensorflow'],
  ['web-gpu', backends, 'webgpu'],
  ['quantum', deviceClasses, undefined],
  ['', deviceClasses, undefined],
  ['word', [], undefined],
])('%s of %j is %s', (word, candidates, expected) => expect(nearest(word, candidates)).toBe(expected));

test.each([
  ['', '', 0],
  ['abc', 'abc', 0],
  ['abc', 'acb', 1],
  ['ab', 'ba', 1],
  ['kitten', 'sitting', 3],
  ['', 'abc', 3],
])('%j to %j takes %d edits', (from, to, edits) => expect(editDistance(from, to)).toBe(edits));

test('distance is symmetric and zero only for equal words', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (from, to) => {
      expect(editDistance(from, to)).toBe(editDistance(to, from));
      expect(editDistance(from, to) === 0).toBe(from === to);
    }),
  );
});
