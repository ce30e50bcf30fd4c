import { type JestRun, runJest } from './harness/jest.js';
import { removeProjects, useProject } from './harness/project.js';
import { failureOf, statuses } from './harness/results.js';

afterAll(removeProjects);

describe('docblocks with mistakes', () => {
  let run: JestRun;
  beforeAll(async () => {
    run = await runJest(await useProject('docblocks'), ['-w', '2']);
  });

  test('fail their suite, and no other', () => {
    expect(run.exitCode).toBe(1);
    expect(statuses(run)).toEqual({
      'after-a-licence.test.js': 'failed',
      'contradiction.test.js': 'failed',
      'malformed-size.test.js': 'failed',
      'no-docblock.test.js': 'passed',
      'others-pragmas.test.js': 'passed',
      'prose-under-pragma.test.js': 'failed',
      'unknown-word.test.js': 'failed',
    });
    expect(run.json.numPassedTests).toBe(2);
  });

  test.each([
    ['unknown-word.test.js', 4, ['gppu', 'gpu']],
    ['malformed-size.test.js', 2, ['@min-memory', '2 gigs']],
    ['contradiction.test.js', 3, ['cuda', 'cpu']],
    ['after-a-licence.test.js', 3, ['@hardware']],
    ['prose-under-pragma.test.js', 2, ['because of the kernels']],
  ])('%s: names the line, what was found and what to write', (file, line, words) => {
    const failure = failureOf(run, file);
    expect(failure).toContain(`${file}:${line}`);
    for (const word of words) expect(failure).toContain(word);
    expect(failure).toMatch(/expected:|remedy:/);
    expect(failure).not.toMatch(/^\s+at .*jest-runner-hardware/m);
  });

  test('reporters hear of every suite', () => {
    for (const type of ['file-start', 'file-result']) {
      expect(run.events.filter((event) => event.type === type)).toHaveLength(7);
    }
  });
});
