import type { ReportFormat } from './format.js';
import { jsonReport } from './json.js';
import { terminalReport } from './terminal.js';

/** Every format a report can have, by the name that options and flags use. */
export const reportFormats = {
  terminal: terminalReport,
  json: jsonReport,
} as const satisfies Record<string, ReportFormat>;
