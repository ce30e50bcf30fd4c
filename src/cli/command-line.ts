import { nearest } from '../core/vocabulary/nearest.js';
import { printableLines } from '../core/vocabulary/printable.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { packageVersion } from '../host/package-version.js';
import { untitledTable } from '../report/text/table.js';
import type { Command, CommandIo } from './command.js';
import { commands } from './commands/index.js';
import { parseFlags } from './flags/parse-flags.js';

const program = 'jest-runner-hardware';
const table: Readonly<Record<string, Command>> = commands;

/**
 * Runs one command line.
 * @param argv Arguments after the program's name.
 * @returns The exit code: 0 success, 1 failure, 2 the user's input needs correcting.
 */
export async function runCommandLine(argv: readonly string[], given: CommandIo): Promise<number> {
  // Errors quote the user's files. They are never coloured by us, so every escape sequence in them is foreign.
  const io: CommandIo = { ...given, err: (text) => given.err(printableLines(text)) };
  try {
    return await dispatch(argv, io);
  } catch (error) {
    if (error instanceof UsageError) {
      io.err(`${error.message}\n`);
      return 2;
    }
    io.err(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  }
}

async function dispatch([name, ...args]: readonly string[], io: CommandIo): Promise<number> {
  if (name === '--version' || name === '-v') return show(`${packageVersion()}\n`, io);
  if (name === 'help' && args.length > 0) return dispatch([...args, '--help'], io);
  if (name === '--help' || name === '-h' || name === 'help') return show(generalHelp(), io);
  const command = name !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
  if (name === undefined || command === undefined) throw noCommand(name);
  if (args.includes('--help') || args.includes('-h')) return show(commandHelp(name, command), io);
  return (await command.run(parseFlags(args, command.flags, command.words !== undefined), io)) ?? 0;
}

function show(text: string, io: CommandIo): number {
  io.out(text);
  return 0;
}

function noCommand(found: string | undefined): UsageError {
  const near = nearest(found ?? '', Object.keys(table));
  return new UsageError({
    message: found === undefined ? 'a command is missing' : `unknown command \`${found}\``,
    expected: `one of ${Object.keys(table).join(', ')}`,
    remedy: near === undefined ? `${program} --help` : `write \`${program} ${near}\``,
  });
}

function generalHelp(): string {
  const rows = Object.entries(table).map(([name, { summary }]) => [name, summary] as const);
  return [
    `usage: ${program} <command> [flags]`,
    '',
    'commands:',
    ...aligned(rows),
    '',
    'flags:',
    ...aligned([
      ['--help', 'show this text; after a command: its flags'],
      ['--version', 'show the version of the package'],
    ]),
    '',
  ].join('\n');
}

function commandHelp(name: string, { summary, flags, words }: Command): string {
  const rows = Object.entries(flags).map(
    ([flag, { value, isValueOptional, summary: text }]) =>
      [`--${flag}${value === undefined ? '' : isValueOptional ? `[=${value}]` : ` ${value}`}`, text] as const,
  );
  const usage = `usage: ${program} ${name} [flags]${words === undefined ? '' : ` ${words.value}`}`;
  const wordRows = words === undefined ? [] : ['', ...aligned([[words.value, words.summary]])];
  return [usage, '', summary, ...wordRows, '', 'flags:', ...aligned(rows), ''].join('\n');
}

function aligned(rows: readonly (readonly [string, string])[]): readonly string[] {
  return untitledTable(rows).map((line) => `  ${line}`);
}
