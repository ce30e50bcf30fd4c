import type { Device, Evidence, Machine, MachineFacts } from '../core/machine.js';
import { formatBytes } from '../core/units.js';

/** A machine for a person: budgets and what set them, a line per device, what is wrong and how to repair it. */
export function machineText({ machine, devices, problems }: Machine): string {
  const threads = `${Number(machine.cpuBudget.toFixed(2))} ${machine.cpuBudget === 1 ? 'thread' : 'threads'}`;
  const budgets = table([
    ['machine', machine.name, kindText(machine)],
    ['CPU budget', threads, sourceText(machine.evidence?.cpuBudget)],
    [
      'memory budget',
      formatBytes(machine.memoryBudgetBytes),
      sourceText(machine.evidence?.memoryBudgetBytes),
    ],
  ]);
  const overview = table([
    ['device', 'class', 'model', 'memory', 'usable', 'backends', 'known by'],
    ...devices.map((device) => [
      device.id,
      device.class,
      device.model ?? '-',
      device.memoryBytes === undefined ? '-' : formatBytes(device.memoryBytes),
      device.usable ? (device.software ? 'emulated' : 'yes') : 'no',
      device.backends.join(' ') || '-',
      knownBy(device),
    ]),
  ]);
  const speeds = table(
    devices.flatMap(({ id, performance = {} }) =>
      Object.entries(performance).map(([work, speed]) => [
        id,
        work,
        speed === null ? 'unmeasured' : `${speed.value} ${speed.unit}`,
        sourceText(speed ?? undefined),
      ]),
    ),
  );
  const sensors = table(
    devices.flatMap(({ id, sensors: readings = {} }) =>
      Object.entries(readings).map(([quantity, reading]) => [
        id,
        quantity,
        reading === null ? 'unreadable' : `${reading.value} ${reading.unit}`,
        reading?.source ?? '',
      ]),
    ),
  );
  const troubles = problems.map(
    ({ message, remedy }) => `! ${message}\n${remedy === undefined ? '' : `  remedy: ${remedy}\n`}`,
  );
  return [budgets, overview, speeds, sensors, troubles.join('')].filter((part) => part !== '').join('\n');
}

/** Every label of the machine and of every device with its evidence. */
export function evidenceText({ machine, devices }: Machine): string {
  return [{ id: 'machine', evidence: machine.evidence ?? {} }, ...devices]
    .map(({ id, evidence }) => {
      const rows = Object.entries(evidence).map(([label, { confidence, source }]) => [
        `  ${label}`,
        confidence,
        source,
      ]);
      return `\n${id}\n${table(rows)}`;
    })
    .join('');
}

/** `linux x64, docker container, virtual machine (kvm), 2 NUMA nodes, GitHub Actions, on battery`. */
function kindText(machine: MachineFacts): string {
  const { platform, arch, container, virtualization, ci, numaNodes = 1, powerSource } = machine;
  const parts = [
    `${platform} ${arch}`,
    container && `${container} container`,
    virtualization && `virtual machine (${virtualization})`,
    numaNodes > 1 && `${numaNodes} NUMA nodes`,
    ci,
    powerSource && `on ${powerSource}`,
  ];
  return parts.filter(Boolean).join(', ');
}

function sourceText(evidence: Evidence | undefined): string {
  if (evidence === undefined) return '';
  return evidence.confidence === 'declared' ? `declared in ${evidence.source}` : evidence.source;
}

/** Data sheets alone are neither: they follow from what was detected or declared. */
function knownBy(device: Device): string {
  const confidences = Object.values(device.evidence).map(({ confidence }) => confidence);
  const detected = confidences.some((confidence) => confidence === 'probed' || confidence === 'inferred');
  const declared = confidences.includes('declared');
  if (detected && declared) return 'detection, partly declared';
  return declared ? 'declared' : 'detection';
}

function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
