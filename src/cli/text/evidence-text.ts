import type { Machine } from '../../core/machine/machine.js';
import { printableValue } from '../../core/vocabulary/printable.js';
import { formatBytes } from '../../core/vocabulary/units.js';
import { untitledTable } from '../../report/text/table.js';

/** Every label of the machine and of every device: its value and the evidence for it. */
export function evidenceText(told: Machine): string {
  const { machine, devices } = printableValue(told);
  const parts = [{ id: 'machine', fields: machine, evidence: machine.evidence ?? {} }].concat(
    devices.map((device) => ({ id: device.id, fields: device as never, evidence: device.evidence })),
  );
  return parts
    .map(({ id, fields, evidence }) => {
      const rows = Object.entries(evidence).map(([label, { confidence, source }]) => [
        `  ${label}`,
        valueText(label, fields as unknown as Readonly<Record<string, unknown>>),
        confidence,
        source,
      ]);
      const lines = untitledTable(rows).map((line) => `${line}\n`);
      return `\n${id}\n${lines.join('')}`;
    })
    .join('');
}

/** A word of a list stands for itself: what is said of it is which list it is in. */
function valueText(label: string, fields: Readonly<Record<string, unknown>>): string {
  const value = fields[label];
  if (typeof value === 'number' && label.endsWith('Bytes')) return formatBytes(value);
  if (typeof value === 'number' && label.endsWith('MHz')) return `${value} MHz`;
  if (typeof value === 'number' && label.endsWith('Watts')) return `${value} W`;
  if (value !== undefined) return String(value);
  const list = Object.entries(listNames).find(([name]) =>
    (fields[name] as string[] | undefined)?.includes(label),
  );
  return list?.[1] ?? '-';
}

const listNames = { backends: 'backend', precisions: 'precision', features: 'feature' } as const;
