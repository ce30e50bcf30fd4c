import type { Estimate, EstimateBasis } from '../../core/events.js';

/** What each basis means to a reader. The count is of runs, or of similar suites where no run measured the suite itself. */
const basisText = {
  given: () => 'as given for the suite',
  'own-device': (runs) => `measured on this device in ${counted(runs, 'run')}`,
  'other-device': (runs) => `measured on other devices in ${counted(runs, 'run')}`,
  workload: (suites) => `guessed from ${counted(suites, 'suite')} of its workload`,
  directory: (suites) => `guessed from ${counted(suites, 'suite')} in its directory`,
  'file-size': (suites) => `guessed from ${counted(suites, 'suite')} and the size of its file`,
  mean: (suites) => `guessed from ${counted(suites, 'suite')} of the project`,
  default: () => 'never measured',
} as const satisfies Record<EstimateBasis, (count: number) => string>;

/** `measured on this device in 3 runs, ± 30 %`: where an expected duration comes from, and how far off it may be. */
export function estimateText({ basis, samples, spread }: Estimate): string {
  const based = basisText[basis](samples);
  // Early records do not hold the spread.
  return Number.isFinite(spread) ? `${based}, ${uncertaintyText(spread)}` : based;
}

/** A percentage above this would promise durations below 0: only the logarithm of a duration is symmetric. */
const mostAsPercent = 0.6;

/** @param spread Standard deviation of the logarithm of a duration. */
function uncertaintyText(spread: number): string {
  return spread <= mostAsPercent
    ? `± ${Math.round(spread * 100)} %`
    : `up to ${Math.exp(spread).toFixed(1)} x longer or shorter`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
