import { readFileSync } from 'node:fs';
import { formatBytes } from '../core/vocabulary/units.js';
import type { Blame } from './executor.js';
import type { WorkerDeath } from './worker-process.js';

/** Why a worker ended before its suite did, as far as the evidence shows. */
export interface Death {
  /** What ended it, as the end of a sentence about the suite. */
  readonly cause: string;
  readonly blame: Blame;
}

/** Signals by which native code ends its own process. */
const crashSignals: ReadonlySet<string> = new Set([
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGSEGV',
  'SIGSYS',
  'SIGTRAP',
]);

/** @param oomKillsBefore What {@link oomKills} said when the suite started. */
export function explainDeath(death: WorkerDeath, oomKillsBefore: number | undefined): Death {
  const { exitCode, signal, memoryBytes, stderrTail } = death;
  const memory = memoryBytes === undefined ? '' : `, memory at death ${formatBytes(memoryBytes)}`;
  if (/heap out of memory|ERR_WORKER_OUT_OF_MEMORY/.test(stderrTail)) {
    const end = signal === null ? `exited with code ${exitCode}` : `was killed by ${signal}`;
    const cause = `out of memory: the JavaScript heap reached its limit; its process ${end}${memory}`;
    return { cause, blame: 'suite' };
  }
  if (signal === null) {
    const called = /process\.exit called with "[^"]*"/.exec(stderrTail)?.[0];
    const cause = `its process exited with code ${exitCode}${called === undefined ? '' : ` (${called})`}${memory}`;
    return { cause, blame: 'suite' };
  }
  const cause = `its process was killed by ${signal}${memory}`;
  if (crashSignals.has(signal)) return { cause, blame: 'suite' };
  if (signal !== 'SIGKILL') return { cause, blame: 'outside' };
  const now = oomKills();
  if (now === undefined || oomKillsBefore === undefined) return { cause, blame: 'unknown' };
  return now > oomKillsBefore
    ? { cause: `${cause}; the kernel killed a process for want of memory meanwhile`, blame: 'memory' }
    : { cause: `${cause}; not for want of memory, as the kernel counts`, blame: 'outside' };
}

/** How often the kernel has killed a process for want of memory since its start, limits of cgroups included. */
export function oomKills(): number | undefined {
  try {
    // Since Linux 4.13. A container sees the whole machine's.
    const count = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined;
  }
}
