import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

/**
 * Reads `+ <group>` and `- <group>`, a line each. When its input ends it kills the process groups that are left: the
 * kernel closes the pipe also where whoever held its other end was killed.
 */
const script = `
groups=
while read -r sign group; do
  if [ "$sign" = + ]; then groups="$groups $group"; continue; fi
  kept=
  for each in $groups; do [ "$each" = "$group" ] || kept="$kept $each"; done
  groups=$kept
done
for each in $groups; do kill -s KILL -- "-$each" 2>/dev/null; done
`;

/**
 * Ends the process groups of workers when this process is gone, however it ended. A worker that is busy in synchronous
 * code cannot see that by itself. It is a shell in a session of its own, so that a signal to our process group spares
 * it. Windows has no process groups, and workers there see the end of their channel alone.
 */
export class GroupGuard {
  #shell: ChildProcess | undefined;

  add(group: number): void {
    if (process.platform === 'win32') return;
    this.#shell ??= startShell();
    this.#writeLine(`+ ${group}\n`);
  }

  remove(group: number): void {
    this.#writeLine(`- ${group}\n`);
  }

  /** Ends the guard: no process group is left. */
  endGuard(): void {
    this.#shell?.stdin?.end();
    this.#shell = undefined;
  }

  #writeLine(line: string): void {
    this.#shell?.stdin?.write(line);
  }
}

function startShell(): ChildProcess {
  const shell = spawn('/bin/sh', ['-c', script], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
    env: {},
  });
  // If the shell cannot be started or is killed, workers still notice that their channel closes.
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  shell.unref();
  (shell.stdin as Writable & { unref?(): void }).unref?.();
  return shell;
}
