import { spawn } from 'node:child_process';
import type { RunOptions, RunOutcome } from './host.js';

/** Output beyond this is cut off. Not tuned: far above any answer of a tool. */
const maxOutputChars = 4 * 1024 * 1024;

/** Runs one executable without a shell and without blocking; see `Host.run`. */
export function runTool(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { timeoutMs, signal }: RunOptions,
): Promise<RunOutcome> {
  return new Promise((resolve) => {
    // An own process group, because a wrapper script's children keep the pipes open after the wrapper was killed.
    const ownGroup = process.platform !== 'win32';
    const child = spawn(file, args, {
      env: { ...env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: ownGroup,
      windowsHide: true,
    });
    let stdout = '';
    let stderr = '';
    const end = (status: RunOutcome['status']) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      resolve({ status, stdout, stderr });
    };
    const stop = () => {
      killTree(child.pid, ownGroup);
      // A tool stuck in the driver survives SIGKILL: nobody waits for it.
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      end('timeout');
    };
    const timer = setTimeout(stop, timeoutMs);
    signal?.addEventListener('abort', stop, { once: true });
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout = (stdout + chunk).slice(0, maxOutputChars);
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr = (stderr + chunk).slice(0, maxOutputChars);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      stderr ||= error.message;
      end(error.code === 'ENOENT' ? 'absent' : 'error');
    });
    child.on('close', (code) => end(code === 0 ? 'ok' : 'error'));
  });
}

/** Ends a process, and with `group` what it started. */
export function killTree(pid: number | undefined, group: boolean): void {
  if (pid === undefined) return;
  try {
    process.kill(group ? -pid : pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}
