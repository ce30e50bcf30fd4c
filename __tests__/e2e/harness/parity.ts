import { comparable } from './comparable.js';
import { type JestOptions, type JestRun, runJest } from './jest.js';
import { type ProjectOptions, useProject } from './project.js';

export interface ParityOptions extends JestOptions, Omit<ProjectOptions, 'runner'> {
  /** Several commands run one after another in the same project; each run is compared. */
  readonly before?: readonly (readonly string[])[];
  /** Something else to do with the copy before Jest starts. */
  readonly prepare?: (directory: string) => void;
}

export interface Sides {
  readonly stock: JestRun;
  readonly hardware: JestRun;
}

/** Runs the same command on two copies of a fixture, one for each side, and expects equal results. */
export async function expectParity(
  fixture: string,
  args: readonly string[],
  { before = [], prepare, options, config, files, ...jestOptions }: ParityOptions = {},
): Promise<Sides> {
  const commands = [...before, args];
  const side = async (runner: 'stock' | 'hardware') => {
    const use = { runner, ...(options && { options }), ...(config && { config }), ...(files && { files }) };
    const project = await useProject(fixture, use);
    prepare?.(project.directory);
    const runs: JestRun[] = [];
    for (const command of commands) runs.push(await runJest(project, command, jestOptions));
    return runs;
  };
  const stock = await side('stock');
  const hardware = await side('hardware');
  expect(hardware.map(comparable)).toEqual(stock.map(comparable));
  return { stock: last(stock), hardware: last(hardware) };
}

function last(runs: readonly JestRun[]): JestRun {
  return runs.at(-1) as JestRun;
}
