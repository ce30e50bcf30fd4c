import type { Host, RunOutcome } from '../../host/host.js';
import type { ProbeOptions } from '../findings/probe.js';

/**
 * Runs a script in a Node process of its own, because native code may crash or hang; `args` are `process.argv[1]` and
 * following. Its answer is kept by who asked, not as a tool's.
 */
export function runInNode(
  host: Host,
  script: string,
  args: readonly string[],
  { timeoutMs, signal }: ProbeOptions,
): Promise<RunOutcome> {
  return host.run(process.execPath, ['--input-type=module', '-e', script, ...args], {
    timeoutMs,
    signal,
    keep: 'nothing',
  });
}

/** Why there is no answer, in one clause. */
export function failureText({ status, stderr }: RunOutcome, timeoutMs: number): string {
  if (status === 'timeout') return `did not end within ${timeoutMs / 1000} s`;
  if (status === 'ok') return 'printed something else than an answer';
  const said = stderr.split('\n').find((line) => /Error|error|fatal/.test(line));
  return `ended its process: ${said?.trim().slice(0, 200) ?? 'without a message'}`;
}
