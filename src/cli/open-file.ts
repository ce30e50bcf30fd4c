import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { messageOf } from '../host/system-error.js';

/** The program of each system that opens a file as a double click would; other systems: `xdg-open`. */
const openers: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  // The shell itself handles files, and gets the path as one argument: `start` of cmd would read `&` in it as a command.
  win32: ['explorer.exe'],
};

/**
 * Opens a file with the program that the user's desktop has for it, and does not wait for that program to end.
 * @throws {UsageError} when the system's opener cannot be started.
 */
export async function openFile(path: string): Promise<void> {
  const [command, ...args] = openers[process.platform] ?? ['xdg-open'];
  const child = spawn(command, [...args, resolve(path)], { stdio: 'ignore', detached: true });
  try {
    await new Promise((started, failed) => child.once('spawn', started).once('error', failed));
  } catch (cause) {
    throw new UsageError(
      {
        file: path,
        message: 'the report is written, and cannot be opened here',
        expected: `the program \`${command}\``,
        found: messageOf(cause),
        remedy: 'open the file yourself, or leave out --open',
      },
      { cause },
    );
  }
  child.unref();
}
