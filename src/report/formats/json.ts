import { printableJson } from '../../core/vocabulary/printable.js';
import type { ReportFormat } from './format.js';

/** The whole summary as indented JSON. */
export const jsonFormat: ReportFormat = {
  fileName: 'report.json',
  render: ({ summary }) => printableJson(summary),
};
