import { inProject, type JestRun, runJest } from './harness/jest.js';
import { expectParity } from './harness/parity.js';
import { removeProjects, useProject } from './harness/project.js';

afterAll(removeProjects);

describe('what runs is what stock Jest would run', () => {
  test('both halves of a shard together are the project', async () => {
    // Which suite is in which half is ours to say: by time and hardware, not by count.
    const project = await useProject('plain');
    const halves = [
      await runJest(project, ['-w', '2', '--shard=1/2']),
      await runJest(project, ['-w', '2', '--shard=2/2']),
    ];
    const files = halves.flatMap(suiteFiles);
    expect(new Set(files).size).toBe(17);
    expect(files).toHaveLength(17);
  });

  test('tests related to a file', async () => {
    const args = ['-w', '2', '--coverage=false', '--findRelatedTests', 'src/sign.js', 'src/typed.ts'];
    const { stock } = await expectParity('coverage', args);
    expect(suiteFiles(stock)).toEqual(['sign.test.js', 'typed.test.ts']);
  });

  test('only what failed in the run before', async () => {
    const before = [['-w', '2', 'passing', 'failing', 'retries', 'skipped']];
    const { stock } = await expectParity('plain', ['-w', '2', '--onlyFailures'], { before });
    expect(suiteFiles(stock)).toEqual(['failing.test.js']);
  });

  test('nothing matches', async () => {
    const { stock } = await expectParity('plain', ['matches-nothing']);
    expect(stock.exitCode).toBe(1);
  });

  test('nothing matches, and that is fine', async () => {
    const { stock } = await expectParity('plain', ['matches-nothing', '--passWithNoTests']);
    expect(stock.exitCode).toBe(0);
  });

  test('tests are collected, not run', async () => {
    const { stock } = await expectParity('workers', ['-w', '2', '--collectTests']);
    expect(stock.exitCode).toBe(0);
    expect(stock.json.numTotalTests).toBe(6);
  });

  test('the list of tests', async () => {
    const list = async (runner: 'stock' | 'hardware') => {
      const project = await useProject('plain', { runner });
      const run = await runJest(project, ['--listTests'], { json: false });
      return run.stdout
        .split('\n')
        .map((path) => inProject(project, path))
        .sort();
    };
    expect(await list('hardware')).toEqual(await list('stock'));
  });
});

describe('--bail', () => {
  test('ends the run at the first failure, after the global teardown', async () => {
    const { stock, hardware } = await expectParity('bail', ['-i', '--bail']);
    expect(stock.json).toBeUndefined();
    expect(stock.results).toMatchObject({ numFailedTests: 1, numPassedTests: 0 });
    for (const { stderr } of [stock, hardware]) expect(stderr).toContain('global teardown ran');
  });

  test('with a count, at so many failures', async () => {
    const { stock } = await expectParity('bail', ['-w', '2', '--bail=2']);
    expect(stock.results).toMatchObject({ numFailedTests: 1, numPassedTests: 4 });
  });

  test('a failing exit code of its own', async () => {
    const { stock } = await expectParity('bail', ['-i', '--bail'], { config: { testFailureExitCode: 7 } });
    expect(stock.exitCode).toBe(7);
  });
});

function suiteFiles(run: JestRun): readonly string[] {
  return run.results.testResults
    .map((suite: { testFilePath: string }) => inProject(run.project, suite.testFilePath))
    .sort();
}
