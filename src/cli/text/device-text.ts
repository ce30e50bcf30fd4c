import type { Device, MachineProblem } from '../../core/machine/machine.js';
import { formatBytes } from '../../core/vocabulary/units.js';
import { painter, type Screen, sourceText, troubleText, wrapped } from './screen.js';

/**
 * A block of lines: what the device is, why it is not usable, and the facts that decide which suites it can run.
 * @param problem The problem of the machine that makes the device unusable.
 */
export function deviceBlock(device: Device, problem: MachineProblem | undefined, screen: Screen): string {
  const paint = painter(screen);
  const name = [device.model, remarkOn(device)].filter(Boolean).join(', ');
  const head = `${paint('bold', device.id)}  ${name}\n`;
  const why = device.usable
    ? ''
    : troubleText(
        { message: device.unusableBecause ?? 'is not usable', ...remedyOf(problem) },
        paint,
        problem ? '!' : '-',
        '  ',
      );
  const rows = factsOf(device).filter(([, value]) => value !== undefined && value !== '');
  const width = Math.max(...rows.map(([label]) => label.length));
  const lines = rows.flatMap(([label, value = '']) =>
    wrapped(value, screen.width - width - 4).map(
      (line, index) => `  ${paint('dim', (index === 0 ? label : '').padEnd(width))}  ${line}\n`,
    ),
  );
  return `${head}${why}${lines.join('')}`;
}

function remedyOf(problem: MachineProblem | undefined): Pick<MachineProblem, 'remedy'> {
  return problem?.remedy === undefined ? {} : { remedy: problem.remedy };
}

/** What id and model do not say: `npu, emulated, not usable`. */
function remarkOn({ id, class: deviceClass, model, software, usable }: Device): string {
  const isNamed = id.startsWith(deviceClass);
  const remarks = [
    isNamed ? undefined : deviceClass,
    model === undefined && isNamed ? 'of unknown model' : undefined,
    software ? 'emulated' : undefined,
    usable ? 'usable' : 'not usable',
  ];
  return remarks.filter((remark) => remark !== undefined).join(', ');
}

type Fact = readonly [label: string, value: string | undefined];

/** Facts that decide which suites can run and how fast, then facts that identify the device. */
function factsOf(device: Device): readonly Fact[] {
  const { memoryBytes, freeMemoryBytes, maxFrequencyMHz, ratedWatts, measuredWatts, shares } = device;
  const memory = memoryBytes === undefined ? 'unknown' : formatBytes(memoryBytes);
  const free = freeMemoryBytes === undefined ? undefined : `${formatBytes(freeMemoryBytes)} free`;
  const watts = measuredWatts ?? ratedWatts;
  const figures = [
    maxFrequencyMHz === undefined ? undefined : `${maxFrequencyMHz} MHz`,
    watts === undefined ? undefined : `${watts} W`,
    shares === undefined ? undefined : `${shares} suites at once`,
  ];
  return [
    ['memory', joined([memory, free])],
    ['backends', device.backends.join(' ') || 'none'],
    ['precisions', device.precisions.join(' ')],
    ['features', device.features.join(' ')],
    ['capability', device.capability],
    ['driver', device.driver],
    ['address', joined([device.pciAddress, device.uuid])],
    ['limits', joined(figures)],
    ['known by', knownBy(device)],
    ...speedsOf(device),
    ...readingsOf(device),
  ];
}

function speedsOf({ performance = {} }: Device): readonly Fact[] {
  return Object.entries(performance).map(([work, speed]) => [
    work,
    speed === null ? 'unmeasured' : `${speed.value} ${speed.unit} (${sourceText(speed)})`,
  ]);
}

function readingsOf({ sensors = {} }: Device): readonly Fact[] {
  return Object.entries(sensors).map(([quantity, reading]) => [
    quantity,
    reading === null ? 'unreadable' : `${reading.value} ${reading.unit} (${reading.source})`,
  ]);
}

function joined(parts: readonly (string | undefined)[]): string {
  return parts.filter(Boolean).join(', ');
}

/** Undefined unless something was declared. Data sheets do not count: they follow from what was detected or declared. */
function knownBy(device: Device): string | undefined {
  const confidences = Object.values(device.evidence).map(({ confidence }) => confidence);
  if (!confidences.includes('declared')) return undefined;
  const detected = confidences.some((confidence) => confidence === 'probed' || confidence === 'inferred');
  return detected ? 'detection, partly declared' : 'declared';
}
