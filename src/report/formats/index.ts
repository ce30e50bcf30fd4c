import type { ReportFormat } from './format.js';
import { jsonReport } from './json.js';
import { junitReport } from './junit.js';
import { terminalReport } from './terminal.js';

/** Every format a report can have, by the name that options and flags use. */
export const reportFormats = {
  terminal: terminalReport,
  json: jsonReport,
  junit: junitReport,
} as const satisfies Record<string, ReportFormat>;
