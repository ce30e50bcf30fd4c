import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { parseJson } from '../json/read.js';
import { checkMachineFile, type MachineFile } from './schema.js';

export type { MachineFile } from './schema.js';

/**
 * Reads and checks a machine file.
 * @throws {UsageError} when it cannot be read, is not JSON, or says something that is no machine.
 */
export function readMachineFile(path: string): MachineFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const problem = {
      file: path,
      message: 'the machine file cannot be read',
      found: cause instanceof Error ? cause.message : String(cause),
      remedy: 'correct its path (option `machine`, JEST_HARDWARE_MACHINE or --machine)',
    };
    throw new UsageError(problem, { cause });
  }
  const { value, lineOf } = parseJson(text, path);
  return checkMachineFile(value, basename(path), (place) => ({ file: path, line: lineOf(place) }));
}

/**
 * Checks a machine that is not in a file of its own: written in the options, or one of a fleet.
 * @param source What to call it in messages and evidence.
 * @throws {UsageError}
 */
export function parseMachine(value: unknown, source: string): MachineFile {
  return checkMachineFile(value, source, () => ({ file: source }));
}
