import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { Channel } from '../transport/channel.js';
import { mark } from '../transport/ssh/start-script.js';
import { protocolVersion } from './protocol.js';
import { Worker } from './worker.js';

/** A worker without contact for so long ends what it runs: the coordinator counts its tasks as lost long before. */
const leaseSeconds = 10;

/**
 * Serves one coordinator on this process's standard input and output, and exits when that is gone.
 * @param directory Where checkouts are kept; `~` is the user's home.
 */
export async function serveStdio(directory: string): Promise<never> {
  const root = resolve(directory.replace(/^~(?=\/|$)/, homedir()));
  const { stdin, stdout } = process;
  // Standard output belongs to the protocol: whatever else is printed here goes to standard error.
  Object.defineProperty(process, 'stdout', { value: process.stderr });
  const worker: Worker = new Worker({ root, notify: (name, payload) => channel.notify(name, payload) });
  stdout.write(`\n${mark} worker ${protocolVersion}\n`);
  const channel = new Channel({
    input: stdin,
    output: stdout,
    handlers: worker.handlers,
    onNotice: (name, payload) => worker.onNotice(name, payload),
    silenceSeconds: leaseSeconds,
  });
  process.on('exit', () => worker.kill());
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));
  // The machine is shut down or taken away. Whoever cannot wait says so again.
  process.once('SIGTERM', () => {
    process.once('SIGTERM', () => process.exit(1));
    void worker.leave();
  });
  await channel.lost;
  process.exit(0);
}
