import { runJest } from './harness/jest.js';
import { expectParity } from './harness/parity.js';
import { removeProjects, useProject } from './harness/project.js';
import { terminalLines } from './harness/terminal.js';

afterAll(removeProjects);

describe('a plain JavaScript project gives what stock Jest gives', () => {
  test('in workers', async () => {
    const { stock } = await expectParity('plain', ['-w', '2', '--testLocationInResults', '--logHeapUsage']);
    expect(stock.exitCode).toBe(1);
    expect(stock.results).toMatchObject({ numTotalTestSuites: 17, numRuntimeErrorTestSuites: 8 });
  });

  test('in band, in random order of a seed', async () => {
    await expectParity('plain', ['-i', '--verbose', '--randomize', '--seed=7']);
  });

  test('only tests of a name, in colours', async () => {
    const env = { FORCE_COLOR: '1' };
    const { stock } = await expectParity('plain', ['-w', '2', '-t', 'square|logs|differ'], { env });
    expect(stock.results).toMatchObject({ numPassedTests: 3, numFailedTests: 1 });
  });

  test('values that JSON cannot hold', async () => {
    const { stock } = await expectParity('values', ['-w', '2'], { json: false });
    expect(stock.results).toMatchObject({ numFailedTests: 5, numRuntimeErrorTestSuites: 1 });
  });

  test('values that JSON cannot hold, in band', async () => {
    await expectParity('values', ['-i'], { json: false });
  });
});

// `--reporters` takes our own section of the terminal away, the rest must be Jest's, line by line.
test.each([
  ['in workers', ['-w', '2', '--verbose']],
  ['in workers, with buffered console', ['-w', '2']],
  ['in band', ['-i']],
])('the terminal shows what stock Jest shows, %s', async (_, args) => {
  const show = async (runner: 'stock' | 'hardware') => {
    const project = await useProject('plain', { runner });
    const run = await runJest(project, [...args, '--reporters=default'], { json: false });
    return { stdout: terminalLines(run.stdout, project), stderr: terminalLines(run.stderr, project) };
  };
  expect(await show('hardware')).toEqual(await show('stock'));
});
