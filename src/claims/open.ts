import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isDiskFull } from '../host/system-error.js';
import { ClaimQueue, fullText } from './queue.js';

const folder = 'jest-runner-hardware-claims';

const unsharedText = 'jest-runner-hardware: devices and locks are not shared out among runs';

/** One folder for all users of a host, whatever their `TMPDIR` is. Windows has no such folder, so each user has one. */
const defaultDirectory = process.platform === 'win32' ? join(tmpdir(), folder) : `/tmp/${folder}`;

/**
 * Opens the queue of this host's runs.
 * @param directory False: no queue. Undefined: the default folder, and no error where it cannot be used.
 * @returns Undefined: this run ignores other runs.
 * @throws UsageError when the directory that was asked for cannot be used, unless for a full disk.
 */
export function openClaims(
  directory: string | false | undefined,
  say: (message: string) => void,
): ClaimQueue | undefined {
  if (directory === false) return undefined;
  const path = directory === undefined ? defaultDirectory : resolve(directory);
  try {
    return new ClaimQueue(path, say);
  } catch (error) {
    if (isDiskFull(error)) say(fullText(path));
    else if (directory !== undefined) throw error;
    else say(`${unsharedText}: ${(error as Error).message}`);
    return undefined;
  }
}
