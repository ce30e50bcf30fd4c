import { formatBytes, formatDuration } from '../../../../core/vocabulary/units.js';
import type { Run } from '../../../drawing/run.js';
import type { PageDevice, PageMachine } from '../page-data.js';
import { counted, element, facts, section } from './dom.js';

export function devicesSection({ machines }: Run): HTMLElement {
  return section(
    'devices',
    'Devices',
    ...machines.map((machine) => machineCards(machine)),
    element(
      'p',
      { class: 'hint' },
      'Busy: suites held the device; how much of it they used is not measured.',
    ),
  );
}

function machineCards({ name, facts: text, devices }: PageMachine): HTMLElement {
  return element(
    'div',
    {},
    element('h3', { dir: 'auto' }, name),
    element('p', { class: 'hint' }, text),
    element('ul', { class: 'cards' }, ...devices.map(deviceCard)),
  );
}

function deviceCard(device: PageDevice): HTMLElement {
  const { id, model, memoryBytes, driver, remarks, slots, suites, busyMs, utilisation } = device;
  const percent = Math.round(utilisation * 100);
  const isUsed = slots > 0;
  return element(
    'li',
    { class: isUsed ? '' : 'unused' },
    element('h4', { dir: 'auto' }, id, model === undefined ? '' : ` ${model}`),
    isUsed
      ? element('meter', { min: 0, max: 100, value: percent, 'aria-label': `${id} busy, percent` })
      : undefined,
    facts([
      ['Busy', isUsed ? `${percent} %, ${formatDuration(busyMs)}` : 'has no slots'],
      ['Suites', isUsed ? `${counted(suites, 'suite')} on ${counted(slots, 'slot')}` : undefined],
      ['Memory', memoryBytes === undefined ? undefined : formatBytes(memoryBytes)],
      ['Driver', driver],
      ['Temperature', temperatureText(device)],
      ['Energy', energyText(device)],
      ['Remarks', remarks.join(', ')],
    ]),
  );
}

function temperatureText({ celsius, hotMs }: PageDevice): string {
  const hot = hotMs === undefined ? '' : `too hot for ${formatDuration(hotMs)}`;
  const degrees = celsius === undefined ? '' : `${Math.round(celsius)} °C`;
  return [degrees, hot].filter((text) => text !== '').join(', ') || 'not recorded';
}

function energyText({ joules, joulesArePartial }: PageDevice): string {
  if (joules === undefined) return 'not measured';
  return `${joules} J${joulesArePartial ? ', measured for some of its suites' : ' measured'}`;
}
