import { mergeJestResults, mergeJUnit, relocatedResult } from '../../../src/shard/merge/results.js';
import { recordedRoot } from '../../../src/shard/project-root.js';

const startedAt = '2026-01-01T00:00:00.000Z';

function moved(there: string, result: object): unknown {
  const record = { path: '/art/1/run.jsonl', startedAt, root: recordedRoot(there, startedAt) };
  // Another shard's record, farther away, has no say.
  const other = { path: '/art/2/run.jsonl', startedAt, root: recordedRoot('/generated', startedAt) };
  return relocatedResult('/art/1/results.json', result as never, [other, record], '/here/app');
}

describe('results of --json', () => {
  test.each([
    ['another folder', '/builds/7/app', '/builds/7/app/test/a.test.js'],
    ['Windows', 'D:\\a\\app', 'D:\\a\\app\\test\\a.test.js'],
  ])('of %s get the paths of the files here, in their texts as well', (_name, there, name) => {
    const message = `at Object.x (${name}:3:4)\nat y (/other${name}:1:1)`;
    expect(moved(there, { testResults: [{ name, message, title: '/generated/a' }] })).toEqual({
      testResults: [
        {
          name: '/here/app/test/a.test.js',
          message: message.replace(`(${name}`, '(/here/app/test/a.test.js'),
          title: '/generated/a',
        },
      ],
    });
  });

  test('that no record knows stay as they are', () => {
    const result = { testResults: [{ name: '/elsewhere/app/test/a.test.js' }] };
    expect(moved('/builds/7/app', result)).toEqual(result);
  });
});

test('a snapshot file without a suite, which every shard finds, is one of the sum', () => {
  const shard = (own: readonly string[], filesRemoved: number) => ({
    snapshot: { filesRemoved, filesRemovedList: ['a.snap', ...own], matched: 2 },
  });
  expect(mergeJestResults([shard([], 1), shard([], 1), shard(['b.snap'], 3)])).toEqual({
    snapshot: { filesRemoved: 3, filesRemovedList: ['a.snap', 'b.snap'], matched: 6 },
  });
});

test('JUnit counts attributes in either quotes, and none that a value or a comment only mentions', () => {
  const text = `<?xml version='1.0'?>
<testsuites name='all > some'>
  <!-- <testsuite tests="9"> -->
  <testsuite name='a > b tests="7"' tests='2' failures = '1' time='0.5'><testcase name="x"/></testsuite>
  <testsuite tests="3" time="1.25"/>
</testsuites>`;
  expect(mergeJUnit([text, `<testsuite tests='1'/>`])).toContain(
    '<testsuites tests="6" failures="1" errors="0" skipped="0" time="1.75">',
  );
});
