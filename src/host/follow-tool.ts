import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Follower } from './host.js';
import { killTree } from './run-tool.js';

/** Starts one executable that goes on printing; see `Host.follow`. */
export function followTool(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { onLine, onEnd }: Follower,
): () => void {
  const ownGroup = process.platform !== 'win32';
  const child = spawn(file, args, {
    env: { ...env, LC_ALL: 'C' },
    // It gets a broken pipe and ends when this process is killed.
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: ownGroup,
    windowsHide: true,
  });
  let ended = false;
  const finish = () => {
    if (ended) return false;
    ended = true;
    process.off('exit', kill);
    return true;
  };
  const kill = () => killTree(child.pid, ownGroup);
  process.once('exit', kill);
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    if (!ended) onLine(line);
  });
  const endByItself = () => {
    if (finish()) onEnd();
  };
  child.on('error', endByItself);
  child.on('close', endByItself);
  // Neither it nor its pipe keeps this process alive.
  child.unref();
  (child.stdout as typeof child.stdout & { unref?(): void }).unref?.();
  return () => {
    if (!finish()) return;
    kill();
    lines.close();
    child.stdout.destroy();
  };
}
