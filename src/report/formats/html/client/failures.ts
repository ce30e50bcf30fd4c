import { type Run, typesOf } from '../../../drawing/run.js';
import { outcomeRanks } from '../outcome-ranks.js';
import type { PageSuite } from '../page-data.js';
import { outcomeMark, suiteDetails } from './details.js';
import { button, counted, element, section } from './dom.js';

/** More are shown at a press of a button. */
const shownAtFirst = 20;

/** Suites that failed, each with what the record says about it; undefined when there are none. */
export function failuresSection(run: Run): HTMLElement | undefined {
  const failed = run.suites.filter(({ outcome }) => outcomeRanks[outcome] === 'bad');
  if (failed.length === 0) return undefined;
  const list = element('ol', { class: 'failures' });
  let shown = 0;
  const showMore = () => {
    const next = failed.slice(shown, shown + (shown === 0 ? shownAtFirst : 200));
    list.append(...next.map((suite) => failureItem(run, suite)));
    shown += next.length;
    more.hidden = shown === failed.length;
    more.textContent = `Show more of the ${failed.length - shown} others`;
  };
  const more = button('', showMore);
  showMore();
  const isSilent = failed.some(
    ({ outcome, attempts }) =>
      outcome === 'failed' && attempts.every(({ failures }) => failures === undefined),
  );
  return section(
    'failures',
    `Failures (${counted(failed.length, 'suite')})`,
    isSilent
      ? element(
          'p',
          { class: 'hint' },
          "Early records do not hold what tests said: it is in the run's log, and the commands below show it again.",
        )
      : undefined,
    list,
    more,
  );
}

function failureItem(run: Run, suite: PageSuite): HTMLElement {
  const where = typesOf(run, suite.attempts.at(-1)).join(' + ');
  return element(
    'li',
    {},
    element('h3', { dir: 'auto' }, suite.id),
    element('p', {}, outcomeMark(suite), where === '' ? '' : ` on ${where}`),
    suiteDetails(run, suite),
  );
}
