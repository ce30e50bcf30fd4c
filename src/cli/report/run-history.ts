import { statSync } from 'node:fs';
import { printableJson } from '../../core/vocabulary/printable.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { readKeptEvents } from '../../record/kept-events.js';
import { keptRecords } from '../../record/kept-records.js';
import { historyMarkdown } from '../../report/history/history-markdown.js';
import { historyText } from '../../report/history/history-text.js';
import { pastRunEvents } from '../../report/history/past-run.js';
import { historyOfRecords, type RunHistory } from '../../report/history/run-history.js';
import type { CommandIo, FlagValues } from '../command.js';
import { choiceFlag } from '../flags/choice-flag.js';
import { refuseTogether } from '../flags/refuse-together.js';
import { defaultDirectory } from '../recorded-run.js';
import { plainScreen } from '../text/screen.js';

const formats = {
  terminal: (history: RunHistory, width: number) => historyText(history, width),
  json: (history: RunHistory) => printableJson(history),
  markdown: (history: RunHistory) => historyMarkdown(history).join('\n'),
} as const;

/** `report --history`: what the records of folders tell together. */
export function showRunHistory(flags: FlagValues, io: CommandIo): void {
  refuseTogether(flags, 'history', ['output', 'open', 'last-full', 'otel', 'exit-code']);
  const format = choiceFlag(flags, 'format', Object.keys(formats) as (keyof typeof formats)[]) ?? 'terminal';
  const folders = flags.words.length === 0 ? [defaultDirectory] : flags.words;
  const history = historyOfRecords(readKeptEvents(folders.flatMap(recordsOf), pastRunEvents));
  const { width } = io.screen ?? plainScreen;
  io.out(`${formats[format](history, width)}\n`);
}

function recordsOf(path: string): readonly string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
  const records = keptRecords(path).map((record) => record.path);
  if (records.length > 0) return records;
  throw new UsageError({
    file: path,
    message: 'the folder holds no record',
    expected: 'files run-<time>.jsonl',
    remedy: 'run Jest with jest-runner-hardware first, or name another folder',
  });
}
