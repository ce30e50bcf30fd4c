import { readFileSync } from 'node:fs';
import type { RunEvent } from '../core/events.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { codeOf, messageOf } from '../host/system-error.js';
import { writeAtomically } from '../host/write-atomically.js';
import { emptyHistory, type History } from './history.js';
import { decodeHistory, encodeHistory } from './history-codec.js';
import { learn } from './learn.js';
import { makeFolderOf } from './output-directory.js';
import { type UnwrittenFile, unwritten } from './unwritten.js';

export interface ReadHistory {
  /** Empty unless `state` is `read`. */
  readonly history: History;
  /** `newer`, `foreign`: written by a later version of this package, or for another project; do not write over it. */
  readonly state: 'read' | 'missing' | 'damaged' | 'newer' | 'foreign';
  /** One line for a person, with the file and its line; left out when the history was read, or is yet to come. */
  readonly problem?: string;
}

/**
 * Reads a history. Never throws: without one a run only orders its suites less well.
 * @param project Whose history it must be, if it says so; left out: anybody's.
 */
export function readHistory(path: string, project?: string): ReadHistory {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return codeOf(error) === 'ENOENT'
      ? { history: emptyHistory, state: 'missing' }
      : unread('damaged', `${path}: the history cannot be read: ${messageOf(error)}.`);
  }
  const decoded = decodeHistory(text, project);
  return decoded.state === 'read'
    ? decoded
    : unread(decoded.state, `${path}:${decoded.line}: ${decoded.reason}`);
}

/**
 * Writes a history, the same bytes for the same content, at once: a reader sees the old file or the new one, and of two
 * runs that write together the last one wins. Parent directories are created.
 * @throws UsageError when it cannot be written.
 */
export function writeHistory(path: string, history: History): void {
  try {
    makeFolderOf(path);
    writeAtomically(path, encodeHistory(history));
  } catch (error) {
    throw new UsageError(
      {
        file: path,
        message: 'The history cannot be written.',
        found: messageOf(error),
        remedy: 'Make the file and its directory writable, or set the option `history` to another file.',
      },
      { cause: error },
    );
  }
}

/**
 * Adds one run to the history file: reads it again, as another run may have written it meanwhile, learns and writes.
 * A damaged history is replaced, one that is newer or another project's is left alone.
 * @returns Why nothing was learned; undefined when all is well.
 */
export function updateHistory(
  path: string,
  events: readonly RunEvent[],
  project?: string,
): UnwrittenFile | string | undefined {
  const { history, state, problem } = readHistory(path, project);
  if (state === 'newer' || state === 'foreign') return problem;
  const learned = learn(history, events);
  if (learned === history) return undefined;
  try {
    writeHistory(path, { ...learned, ...(project !== undefined && { project }) });
    return undefined;
  } catch (error) {
    return unwritten(path, error, messageOf(error));
  }
}

function unread(state: 'damaged' | 'newer' | 'foreign', problem: string): ReadHistory {
  return { history: emptyHistory, state, problem };
}
