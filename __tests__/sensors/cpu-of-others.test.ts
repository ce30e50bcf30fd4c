import { type ProcessTime, parsePs, usedByTree } from '../../src/sensors/cpu-of-others.js';

const table = (rows: Readonly<Record<number, readonly [parent: number, ownMs: number, endedMs?: number]>>) =>
  new Map<number, ProcessTime>(
    Object.entries(rows).map(([pid, [parent, ownMs, endedMs = 0]]) => [
      Number(pid),
      { parent, ownMs, endedMs },
    ]),
  );

/** A worker, its Jest with two processes of suites, and somebody's editor. */
const before = table({
  1: [0, 5000],
  10: [1, 100, 400],
  11: [10, 1000, 50],
  12: [11, 3000],
  13: [11, 4000],
  20: [1, 9000],
});

test('what a process and all below it use counts, and nothing of others', () => {
  const after = table({
    1: [0, 6000],
    10: [1, 110, 400],
    11: [10, 1300, 50],
    12: [11, 3500],
    13: [11, 4000],
    14: [13, 70, 5],
    20: [1, 9999],
  });
  expect(usedByTree(10, before, after)).toBe(10 + 300 + 500 + 70 + 5);
});

test('one that has ended was seen before: only the rest of it counts', () => {
  // 13 has used 200 ms more, and 11 has waited for it.
  const after = table({ 10: [1, 100, 400], 11: [10, 1000, 50 + 4200], 12: [11, 3000] });
  expect(usedByTree(10, before, after)).toBe(200);
});

test('of a whole tree that has ended the same, whoever has waited for whom', () => {
  // 11 had waited for both, and had used 60 ms more; 10 has waited for it.
  const inOrder = table({ 10: [1, 100, 400 + 1060 + 50 + 3000 + 4000] });
  expect(usedByTree(10, before, inOrder)).toBe(60);
  // All were killed at once: what was below 11 has gone to the first process of the system.
  const atOnce = table({ 1: [0, 5000, 7000], 10: [1, 130, 400 + 1060 + 50] });
  expect(usedByTree(10, before, atOnce)).toBe(30);
});

test('times as ps of macOS and of BSD prints them', () => {
  const text = `    1     0   4:33.20
  501     1 123:04,50
  502   501   1-02:03:04
 junk
`;
  expect(parsePs(text)).toEqual(
    table({ 1: [0, 273_200], 501: [1, 7_384_500], 502: [501, (26 * 3600 + 3 * 60 + 4) * 1000] }),
  );
});
