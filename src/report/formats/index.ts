import { agentFormat } from './agent.js';
import { csvFormat } from './csv.js';
import { ctrfFormat } from './ctrf.js';
import type { ReportFormat } from './format.js';
import { htmlFormat } from './html/html.js';
import { jsonFormat } from './json.js';
import { junitFormat } from './junit.js';
import { markdownFormat } from './markdown.js';
import type { ReportFormatName } from './names.js';
import { terminalFormat } from './terminal.js';
import { traceFormat } from './trace.js';

/** Every format a report can have, by the name that options and flags use. */
export const reportFormats = {
  terminal: terminalFormat,
  html: htmlFormat,
  json: jsonFormat,
  junit: junitFormat,
  ctrf: ctrfFormat,
  trace: traceFormat,
  agent: agentFormat,
  markdown: markdownFormat,
  csv: csvFormat,
} as const satisfies Record<ReportFormatName, ReportFormat>;
