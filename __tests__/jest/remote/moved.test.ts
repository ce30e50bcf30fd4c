import { moved } from '../../../src/jest/remote/moved.js';

const there = '/home/me/checkout-1';
const here = '/work/my project';

test('paths and file addresses move, in keys too', () => {
  expect(
    moved(
      {
        [`${there}/a.js`]: `Error\n    at x (${there}/a.js:1:2)`,
        url: `file://${there}/a.js`,
        deep: [{ path: there }],
      },
      there,
      here,
    ),
  ).toEqual({
    [`${here}/a.js`]: `Error\n    at x (${here}/a.js:1:2)`,
    url: 'file:///work/my%20project/a.js',
    deep: [{ path: here }],
  });
});

test('a folder whose name begins alike stays', () => {
  expect(moved(`${there}0/a.js ${there}`, there, here)).toBe(`${there}0/a.js ${here}`);
});

test('texts in which positions are counted stay', () => {
  const transformed = { code: `"${there}"`, originalCode: `'${there}'`, sourceMapPath: `${there}/a.map` };
  expect(moved(transformed, there, here)).toEqual({ ...transformed, sourceMapPath: `${here}/a.map` });
});

test('a value that holds itself', () => {
  const circle: { self?: unknown; path: string } = { path: there };
  circle.self = circle;
  const copy = moved(circle, there, here);
  expect(copy.self).toBe(copy);
  expect(copy.path).toBe(here);
});
