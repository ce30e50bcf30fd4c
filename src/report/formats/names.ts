/** The formats that a report can have, as options and flags name them. They are made in index.ts, of files of the same names. */
export const reportFormatNames = [
  'terminal',
  'html',
  'json',
  'junit',
  'ctrf',
  'trace',
  'agent',
  'markdown',
  'csv',
] as const;

export type ReportFormatName = (typeof reportFormatNames)[number];
