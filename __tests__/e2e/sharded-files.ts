export const gpuTest = (text = '@hardware gpu') => `/**
 * ${text}
 */
test('runs', () => {});
`;

export const cpuTests = Object.fromEntries(
  Array.from({ length: 12 }, (_, n) => [
    `unit/u${n}.test.js`,
    `test('is ${n}', () => {});\ntest('too', () => {});\n`,
  ]),
);

/** Suites for a project that is cut into shards: most need a CPU, some what few machines have. */
export const shardedFiles = {
  ...cpuTests,
  'gpu/a.test.js': gpuTest(),
  'gpu/b.test.js': gpuTest(),
  'npu/c.test.js': gpuTest('@hardware npu'),
  'tpu/none.test.js': gpuTest('@hardware tpu\n * @unsatisfiable skip'),
  'unit/broken.test.js': `test('fails', () => expect(1).toBe(2));\n`,
};
