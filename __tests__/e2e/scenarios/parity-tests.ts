import { leaveProjects } from '../harness/project.js';
import { differences, missed } from './compare.js';
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
