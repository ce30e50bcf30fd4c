import { leaveProjects } from '../harness/project.js';
import { redisServer } from '../harness/redis-server.js';
import { sshServer } from '../harness/ssh-server.js';
import { differences, missed } from './compare.js';
import { type FarSide, farDifferences, farSides } from './far-side.js';
import { keepingAnswers } from './kept-answers.js';
import { localSide } from './local-side.js';
import type { Scenario } from './scenario.js';

const stock = keepingAnswers(localSide('stock'));
const ours = localSide('hardware');

/** One test for each row of the sample: this runner does what stock Jest does. `npm run scenarios` runs all rows. */
export function parityTests(scenarios: readonly Scenario[]): void {
  const sample = scenarios.filter(({ sample = false }) => sample);
  test.each(sample.map((scenario) => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    const expected = await stock.run(scenario);
    expect(missed(scenario, expected)).toEqual([]);
    expect(differences(scenario, expected, await ours.run(scenario))).toEqual([]);
  });
  afterAll(leaveProjects);
}

/** The same where all suites run on another machine. `npm run scenarios -- --ssh`, or `--fleet`, runs all rows. */
export function farParityTests(
  way: keyof typeof farSides,
  scenarios: readonly Scenario[],
  names: readonly string[],
): void {
  let far: FarSide | undefined;
  const isThere = { ssh: sshServer !== undefined, fleet: redisServer !== undefined }[way];
  const testRow = isThere ? test.each(names) : test.skip.each(names);
  testRow('%s', async (name) => {
    const scenario = scenarios.find((row) => row.name === name);
    if (scenario === undefined) throw new Error(`there is no row ${name}`);
    far ??= farSides[way]();
    const [expected, actual] = [await stock.run(scenario), await far.run(scenario)];
    expect(missed(scenario, expected)).toEqual([]);
    expect(differences({ ...scenario, intended: farDifferences(scenario) }, expected, actual)).toEqual([]);
  });
  afterAll(() => far?.dispose());
}
