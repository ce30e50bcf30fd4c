import { type Run, typesOf, workloadOf } from '../../../drawing/run.js';
import { outcomeText } from '../../../text/outcomes.js';
import { outcomeRanks } from '../outcome-ranks.js';
import type { PageSuite } from '../page-data.js';
import { choice, element } from './dom.js';

const all = '';
const problems = 'problems';

/** Search and choices above a table. `onChange` gets the suites that are left. */
export function filterBar(run: Run, onChange: (suites: readonly PageSuite[]) => void): HTMLElement {
  const wanted = { text: '', outcome: all, type: all, workload: all };
  const namesOf = new Map(run.suites.map((suite) => [suite, suite.id.toLowerCase()]));
  const isWanted = (suite: PageSuite) =>
    (wanted.text === '' || namesOf.get(suite)?.includes(wanted.text) === true) &&
    (wanted.outcome === all ||
      suite.outcome === wanted.outcome ||
      (wanted.outcome === problems && outcomeRanks[suite.outcome] === 'bad')) &&
    (wanted.type === all || suite.attempts.some((attempt) => typesOf(run, attempt).includes(wanted.type))) &&
    (wanted.workload === all || workloadOf(run, suite) === wanted.workload);
  const update = (changed: Partial<typeof wanted>) => {
    Object.assign(wanted, changed);
    onChange(run.suites.filter(isWanted));
  };

  const search = element('input', { type: 'search', autocomplete: 'off', spellcheck: 'false' });
  search.addEventListener('input', () => update({ text: search.value.trim().toLowerCase() }));
  const outcomes = run.outcomes.map((outcome) => [outcome, outcomeText[outcome]] as const);
  return element(
    'div',
    { class: 'filters', role: 'search', 'aria-label': 'Suites' },
    element('label', { class: 'search' }, element('span', {}, 'Search suites'), search),
    choice('Outcome', [[all, 'all'], [problems, 'problems'], ...outcomes], (outcome) => update({ outcome })),
    run.usedTypes.length > 1
      ? choice('Device', withAll(run.usedTypes), (type) => update({ type }))
      : undefined,
    run.workloads.length > 1
      ? choice('Workload', withAll(run.workloads), (workload) => update({ workload }))
      : undefined,
  );
}

function withAll(names: readonly string[]): readonly (readonly [string, string])[] {
  return [[all, 'all'], ...names.map((name) => [name, name] as const)];
}
