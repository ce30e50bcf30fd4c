import type { Machine } from '../../core/machine/machine.js';
import { printableValue } from '../../core/vocabulary/printable.js';
import { formatBytes } from '../../core/vocabulary/units.js';
import { untitledTable } from '../../report/text/table.js';

/** Every fact of the machine and of each device, with the evidence for it. */
export function evidenceText(raw: Machine): string {
  const { machine, devices } = printableValue(raw);
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

/** The value of a label. For an entry of a list (`cuda`), the kind of the entry (`backend`). */
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
