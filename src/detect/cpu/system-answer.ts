import type { Feature, Precision } from '../../core/vocabulary/taxonomy.js';
import type { Host } from '../../host/host.js';
import type { ProbeOptions } from '../findings/probe.js';
import { windowsAnswerOf } from '../windows/answer.js';
import { parseSysctl } from './sysctl.js';
import { parseWindowsCpu } from './windows-cpu.js';

/** What Windows or macOS say of the CPU itself. */
export interface SystemAnswer {
  /** True: it has this; false: it has not; absent: the system does not tell. The words are features and precisions. */
  readonly labels: Readonly<Partial<Record<Feature | Precision, boolean>>>;
  readonly source: string;
}

/** Asks the system; undefined where it does not answer, and on Linux, which tells through files. */
export async function systemAnswerOf(host: Host, options: ProbeOptions): Promise<SystemAnswer | undefined> {
  // Nobody wants to know yet: the model alone tells, without a tool.
  if (options.classes?.length === 0) return undefined;
  if (host.platform === 'win32') {
    const outcome = await windowsAnswerOf(host, options);
    return outcome.status === 'ok' ? parseWindowsCpu(outcome.stdout, host) : undefined;
  }
  if (host.platform !== 'darwin') return undefined;
  const { timeoutMs, signal } = options;
  const isAnswer = (stdout: string) => parseSysctl(stdout) !== undefined;
  const args = ['hw.physicalcpu', 'hw.logicalcpu', 'hw.optional'];
  const outcome = await host.run('sysctl', args, { timeoutMs, signal, isAnswer });
  return outcome.status === 'ok' ? parseSysctl(outcome.stdout) : undefined;
}
