import { builtInWorkloads } from '../../../src/core/workload/built-in.js';
import { mergeLayers } from '../../../src/core/workload/merge-layers.js';
import { type Pragma, parseWorkload } from '../../../src/core/workload/parse.js';
import { defaultProfile, type ProfileLayer } from '../../../src/core/workload/profile.js';

function docblock(text: string): ProfileLayer {
  const written: readonly Pragma[] = text
    .split('\n')
    .map((line, index) => ({ line: index + 1, text: /^@(\S+) ?(.*)$/.exec(line.trim()) }))
    .map(({ line, text: found }) => ({ name: found?.[1] ?? '', value: found?.[2] ?? '', line }));
  const { layer, problems } = parseWorkload(written, { kind: 'docblock', file: 'a.test.ts' });
  expect(problems).toEqual([]);
  return layer;
}

const options = (name: string, value: string): ProfileLayer =>
  parseWorkload([{ name, value }], { kind: 'options', path: 'options: profiles["**"]' }).layer;

test('nothing said is the default', () => expect(mergeLayers([])).toEqual({ profile: defaultProfile }));

test('the earlier layer counts, field by field', () => {
  const { profile } = mergeLayers([
    docblock('@cpu 2\n@priority 1'),
    docblock('@cpu 4\n@host-memory 1KB'),
    docblock('@lock db'),
  ]);
  expect(profile).toEqual({
    ...defaultProfile,
    cpuThreads: 2,
    priority: 1,
    hostMemoryBytes: 1000,
    locks: ['db'],
  });
});

test('a list is replaced, not added to', () => {
  expect(mergeLayers([docblock('@lock a'), docblock('@lock b, c')]).profile?.locks).toEqual(['a']);
});

test.each([
  ['@backend cuda', ['gpu']],
  ['@backend directml', ['gpu', 'npu']],
  ['@backend directml, qnn', ['gpu', 'npu']],
  ['@backend onnx', ['cpu']],
  ['@backend cuda\n@hardware cpu, gpu', ['cpu', 'gpu']],
])('%j runs on %j', (text, classes) => {
  expect(mergeLayers([docblock(text)]).profile?.hardware).toEqual(
    classes.map((one) => ({ class: one, count: 1 })),
  );
});

test.each([
  [
    '@hardware cpu\n@backend cuda',
    2,
    ['`@hardware cpu` (line 1)', '`@backend cuda` (line 2)', 'cuda needs gpu'],
  ],
  ['@backend qnn\n@cpu 1\n@hardware cpu, tpu', 3, ['(line 3)', 'qnn needs gpu, npu, dsp']],
  ['@min-memory 4GiB\n@preferred-memory 2GiB', 2, ['(line 1)', '(line 2)', '2 GiB is less than 4 GiB']],
  ['@batch-sizes 1, 8\n@optimal-batch-size 4', 2, ['(line 1)', '(line 2)', '4 is not one of 1, 8']],
])('%j contradicts itself', (text, line, parts) => {
  const { problems } = mergeLayers([docblock(text)]);
  expect(problems).toEqual([
    expect.objectContaining({ file: 'a.test.ts', line, remedy: expect.any(String) }),
  ]);
  for (const part of parts) expect(problems?.[0]?.message).toContain(part);
});

test('all contradictions come at once', () => {
  const text =
    '@hardware cpu\n@backend cuda\n@batch-sizes 1\n@optimal-batch-size 4\n@min-memory 2B\n@preferred-memory 1B';
  expect(mergeLayers([docblock(text)]).problems).toHaveLength(3);
});

test('a contradiction between docblock and options names both, and stands at the docblock', () => {
  expect(mergeLayers([docblock('@hardware cpu'), options('backend', 'cuda')]).problems).toEqual([
    expect.objectContaining({
      file: 'a.test.ts',
      line: 1,
      message: expect.stringContaining(
        '`@hardware cpu` (line 1) and `backend: cuda` (options: profiles["**"]) exclude each other',
      ),
    }),
  ]);
});

test('a preference of a later layer gives way to a demand of an earlier one', () => {
  const below = docblock('@preferred-memory 1GiB\n@batch-sizes 1, 8\n@optimal-batch-size 8');
  const { profile } = mergeLayers([docblock('@min-memory 2GiB\n@batch-sizes 4'), below]);
  expect(profile).toEqual({ ...defaultProfile, minMemoryBytes: 2 * 1024 ** 3, batchSizes: [4] });
});

test('a preference that still fits stays', () => {
  const below = docblock('@preferred-memory 4GiB\n@optimal-batch-size 8');
  const { profile } = mergeLayers([docblock('@min-memory 2GiB\n@batch-sizes 4, 8'), below]);
  expect(profile).toMatchObject({ preferredMemoryBytes: 4 * 1024 ** 3, optimalBatchSize: 8 });
});

describe.each(Object.entries(builtInWorkloads))('the built-in workload %s', (_, layer) => {
  test('runs on a bare CPU', () => {
    const { profile, problems } = mergeLayers([layer]);
    expect(problems).toBeUndefined();
    expect(profile?.hardware).toContainEqual({ class: 'cpu', count: 1 });
    expect(profile).toMatchObject({
      backends: [],
      features: [],
      precisions: [],
      minMemoryBytes: 0,
      exclusive: false,
    });
  });
});
