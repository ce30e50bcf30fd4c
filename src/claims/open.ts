import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ClaimQueue } from './queue.js';

const folder = 'jest-runner-hardware-claims';

/** The same for all users and, in spite of `TMPDIR`, for all shells of a host. Windows has no such place: one per user. */
const defaultDirectory = process.platform === 'win32' ? join(tmpdir(), folder) : `/tmp/${folder}`;

/**
 * The line of this host's runs.
 * @param directory False: none. Undefined: nobody says, so that a host without a usable place is no mistake of the user.
 * @returns Undefined: this run takes no notice of others.
 * @throws UsageError when the directory that was asked for cannot be used.
 */
export function openClaims(
  directory: string | false | undefined,
  say: (message: string) => void,
): ClaimQueue | undefined {
  if (directory === false) return undefined;
  if (directory !== undefined) return new ClaimQueue(resolve(directory));
  try {
    return new ClaimQueue(defaultDirectory);
  } catch (error) {
    say(`jest-runner-hardware: devices and locks are not shared out among runs: ${(error as Error).message}`);
    return undefined;
  }
}
