import { statSync } from 'node:fs';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { showsColors } from '../../host/colors.js';
import { newestRecordIn } from '../../record/newest.js';
import { readRecord } from '../../record/read.js';
import { reportFormats } from '../../report/formats/index.js';
import { summarise } from '../../report/summary/summary.js';
import type { Command } from '../command.js';
import { choiceFlag } from '../flags/choice-flag.js';

const defaultDirectory = '.jest-hardware';
const formatNames = Object.keys(reportFormats) as (keyof typeof reportFormats)[];

export const reportCommand: Command = {
  summary: 'shows a recorded run: which device ran what, and why',
  flags: {
    record: {
      summary: `a record, or a folder, of which the newest record is shown; default: ${defaultDirectory}`,
      value: 'PATH',
    },
    format: { summary: `one of ${formatNames.join(', ')}; default: terminal`, value: 'NAME' },
  },
  async run(flags, io) {
    const format = choiceFlag(flags, 'format', formatNames) ?? 'terminal';
    const recordPath = newestRecord(flags.get('record') ?? defaultDirectory);
    const summary = summarise(readRecord(recordPath).events);
    const { columns = 80 } = process.stdout;
    const color = showsColors(process.stdout);
    io.out(`${reportFormats[format](summary, { color, width: columns, recordPath })}\n`);
  },
};

function newestRecord(path: string): string {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  const newest = newestRecordIn(path);
  if (newest !== undefined) return newest;
  throw new UsageError({
    file: path,
    message: 'the folder holds no record',
    expected: 'a file run-<time>.jsonl',
    remedy: 'run Jest with jest-runner-hardware first, or name the record with --record',
  });
}
