import { outcomeRanks } from '../formats/html/outcome-ranks.js';
import type { SuiteOutcome } from '../summary/suites.js';
import { outcomeText } from '../text/outcomes.js';
import type { Bar, Run } from './run.js';
import { workloadOf } from './run.js';

/** What bars are coloured by. */
export interface Coloring {
  /** Name and colour, in the order of the legend. */
  readonly legend: readonly (readonly [name: string, color: string])[];
  colorOf(bar: Bar): string;
}

/** Colours of the style sheet: they follow light and dark. */
export interface Theme {
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly lane: string;
  readonly accent: string;
  readonly font: string;
  color(name: string): string;
}

const outcomes = Object.keys(outcomeText) as readonly SuiteOutcome[];

export function coloringByOutcome(run: Run, theme: Theme): Coloring {
  const drawn = new Set(run.barsOf.flat().map(drawnOutcome));
  return {
    legend: outcomes
      .filter((outcome) => drawn.has(outcome))
      .map((outcome) => [outcomeText[outcome], theme.color(outcome)]),
    colorOf: (bar) => theme.color(drawnOutcome(bar)),
  };
}

/** A lost first attempt of a flaky suite is drawn as lost. */
function drawnOutcome({ suite, attempt: { status } }: Bar): SuiteOutcome {
  return status === 'lost' || status === 'cancelled' ? status : suite.outcome;
}

const workloadColors = 8;

/** The most frequent workloads have a colour each, the rest share one. */
export function coloringByWorkload(run: Run, theme: Theme): Coloring {
  const colors = run.workloads.map(
    (name, index) =>
      [
        index < workloadColors - 1 || run.workloads.length === workloadColors ? name : 'others',
        theme.color(`series-${Math.min(index, workloadColors - 1)}`),
      ] as const,
  );
  const colorOfName = new Map(run.workloads.map((name, index) => [name, colors[index]?.[1] ?? theme.text]));
  return {
    legend: [...new Map(colors)],
    colorOf: ({ suite }) => colorOfName.get(workloadOf(run, suite)) ?? theme.text,
  };
}

/** Whether a bar is hatched too: no one has to tell failures by colour alone. */
export function isHatched({ suite, attempt }: Bar): boolean {
  return attempt.status === 'lost' || outcomeRanks[suite.outcome] === 'bad';
}
