/** The code of the HTML report's page: reads the data that lies in the page, and shows it. */

import { type Run, runOf } from '../../../drawing/run.js';
import type { PageData } from '../page-data.js';
import { devicesSection } from './devices.js';
import { element, section } from './dom.js';
import { failuresSection } from './failures.js';
import { pastSection } from './past.js';
import { matrixSection, suitesSection } from './suites.js';
import { timelineSection } from './timeline.js';

const run = runOf(JSON.parse(document.getElementById('data')?.textContent ?? '') as PageData);
const sections = [
  failuresSection(run),
  notesSection(run),
  timelineSection(run),
  suitesSection(run),
  devicesSection(run),
  matrixSection(run),
  pastSection(run),
];
document.getElementById('main')?.replaceChildren(...sections.filter((each) => each !== undefined));

function notesSection({ notes }: Run): HTMLElement | undefined {
  if (notes.length === 0) return undefined;
  const items = notes.slice(0, 100).map(({ label, text, suiteIds }) => {
    const named = suiteIds.slice(0, 5).join(', ');
    const more = suiteIds.length > 5 ? ` and ${suiteIds.length - 5} more` : '';
    const about = named === '' ? '' : `${named}${more}: `;
    return element('li', { dir: 'auto' }, element('strong', {}, label), ` ${about}${text}`);
  });
  const hidden = notes.length - items.length;
  return section(
    'notes',
    'Worth a look',
    element('ul', {}, ...items, hidden > 0 ? element('li', {}, `${hidden} more`) : undefined),
  );
}
