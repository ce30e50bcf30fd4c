import { styleText } from 'node:util';
import { differences, missed } from './compare.js';
import { farDifferences, farSides } from './far-side.js';
import { keepingAnswers } from './kept-answers.js';
import { localSide } from './local-side.js';
import type { IntendedDifference, Scenario, Side } from './scenario.js';
import { scenarioTable } from './table/index.js';

/**
 * Prints scenario, stock, ours: equal, or what differs. Arguments are parts of names; without any, all scenarios run.
 * `--fresh` asks stock Jest again, `--no-fast` turns the fast path of ours off, and with `--ssh` or `--fleet` all suites
 * of ours run on another machine.
 */
export async function printScenarios(args: readonly string[]): Promise<number> {
  const words = args.filter((arg) => !arg.startsWith('--'));
  const stock = args.includes('--fresh') ? localSide('stock') : keepingAnswers(localSide('stock'));
  const way = (['ssh', 'fleet'] as const).find((each) => args.includes(`--${each}`));
  const far = way === undefined ? undefined : farSides[way]();
  const ours = far ?? localSide('hardware', args.includes('--no-fast') ? { fast: false } : {});
  let unequal = 0;
  for (const [subject, scenarios] of Object.entries(scenarioTable)) {
    for (const scenario of scenarios) {
      if (words.length > 0 && !words.some((word) => `${subject} ${scenario.name}`.includes(word))) continue;
      const meant = far === undefined ? scenario.intended : farDifferences(scenario);
      const found = await outcome(scenario, meant, [stock, ours]);
      if (found.length > 0) unequal += 1;
      const exits = scenario.steps.length === 1 ? '1 command' : `${scenario.steps.length} commands`;
      const verdict = found.length === 0 ? styleText('green', 'equal') : styleText('red', 'differs');
      const why = (meant?.why ?? '') === '' ? '' : ` (meant: ${meant?.why})`;
      process.stdout.write(`${verdict}  ${subject}: ${scenario.name}, ${exits}${why}\n`);
      for (const line of found) process.stdout.write(`         ${line}\n`);
    }
  }
  await far?.dispose();
  return unequal === 0 ? 0 : 1;
}

async function outcome(
  { intended: _told, ...scenario }: Scenario,
  meant: IntendedDifference | undefined,
  [stock, ours]: readonly [Side, Side],
): Promise<readonly string[]> {
  try {
    const expected = await stock.run(scenario);
    const actual = await ours.run(scenario);
    return [
      ...missed(scenario, expected),
      ...differences({ ...scenario, ...(meant && { intended: meant }) }, expected, actual),
    ];
  } catch (error) {
    return [String(error).slice(0, 2000)];
  }
}

process.exitCode = await printScenarios(process.argv.slice(2));
