import os from 'node:os';
import type { Host } from '../host/host.js';

/** What a process has used of the CPUs since it started, ms. */
export interface ProcessTime {
  readonly parent: number;
  readonly ownMs: number;
  /** Of what it had started, has ended and was waited for. Linux alone tells it. */
  readonly endedMs: number;
}

/** By process id. */
type ProcessTimes = ReadonlyMap<number, ProcessTime>;

interface Sample {
  readonly atMs: number;
  readonly busyMs: number;
  readonly processes: ProcessTimes;
}

/** Measures how much of the CPUs all programs use but this process and what it has started. */
export class CpuOfOthers {
  readonly #host: Host;
  #last: Sample | undefined;

  /** @param host A live one. */
  constructor(host: Host) {
    this.#host = host;
  }

  /** @returns Whether it can be measured here. */
  async begin(): Promise<boolean> {
    this.#last = await this.#sample();
    return this.#last !== undefined;
  }

  /** @returns Ms of CPU time since it was last asked, and ms that have passed; undefined: the system does not tell now. */
  async sinceLast(): Promise<{ readonly ms: number; readonly withinMs: number } | undefined> {
    const before = this.#last;
    const now = await this.#sample();
    if (before === undefined || now === undefined) return undefined;
    this.#last = now;
    const ownMs = usedByTree(process.pid, before.processes, now.processes);
    return { ms: Math.max(0, now.busyMs - before.busyMs - ownMs), withinMs: now.atMs - before.atMs };
  }

  async #sample(): Promise<Sample | undefined> {
    const processes = await processTimes(this.#host);
    return processes && { atMs: performance.now(), busyMs: busyMs(), processes };
  }
}

/** Ms that all CPU threads of the machine have worked. What a hypervisor kept from it is not among it. */
function busyMs(): number {
  return os.cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
}

/** Undefined: the system does not tell. */
async function processTimes(host: Host): Promise<ProcessTimes | undefined> {
  if (host.platform === 'win32') return undefined;
  if (host.platform !== 'linux') {
    const { status, stdout } = await host.run('ps', ['-A', '-o', 'pid=,ppid=,time='], {
      timeoutMs: 5000,
      keep: 'nothing',
    });
    return status === 'ok' ? parsePs(stdout) : undefined;
  }
  const ids = host.readDirectory('/proc').filter((name) => /^\d+$/.test(name));
  const times = ids.flatMap((id) => {
    const read = parseStat(host.readFile(`/proc/${id}/stat`) ?? '');
    return read === undefined ? [] : [[Number(id), read] as const];
  });
  return times.length === 0 ? undefined : new Map(times);
}

/** `/proc/<pid>/stat`, see proc_pid_stat(5). The name in parentheses may hold anything. */
function parseStat(text: string): ProcessTime | undefined {
  const [, parent, ...rest] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user, system, endedUser, endedSystem] = rest.slice(9, 13);
  if (parent === undefined || user === undefined || system === undefined) return undefined;
  return {
    parent,
    ownMs: (user + system) * tickMs,
    endedMs: ((endedUser ?? 0) + (endedSystem ?? 0)) * tickMs,
  };
}

/** What Linux shows of times to programs, on all architectures that Node.js runs on (`USER_HZ`). */
const tickMs = 10;

/** `  4711     1   1:02.34`, hours and days before it where there are any. */
export function parsePs(text: string): ProcessTimes {
  const times = text.split('\n').flatMap((line) => {
    const [, pid, parent, days, clock] = /^\s*(\d+)\s+(\d+)\s+(?:(\d+)-)?([\d:.,]+)\s*$/.exec(line) ?? [];
    if (clock === undefined) return [];
    const parts = clock.replace(',', '.').split(':').map(Number);
    const seconds = parts.reduce((sum, part) => sum * 60 + part, 0) + Number(days ?? 0) * 86_400;
    return [[Number(pid), { parent: Number(parent), ownMs: seconds * 1000, endedMs: 0 }] as const];
  });
  return new Map(times);
}

/**
 * Ms of CPU time that a process and all below it have used between two looks. The time of a process that has ended goes over to
 * the one that waited for it; what was seen of it before counts once.
 */
export function usedByTree(root: number, before: ProcessTimes, after: ProcessTimes): number {
  const children = new Map<number, number[]>();
  for (const [pid, { parent }] of new Map([...before, ...after])) {
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const isGone = (pid: number) => !after.has(pid);
  const seenOf = (pid: number) => {
    const { ownMs = 0, endedMs = 0 } = before.get(pid) ?? {};
    return ownMs + endedMs;
  };
  /** What was seen of all below it that have ended, as far as nothing between lives. */
  const seenOfEnded = (pid: number): number =>
    (children.get(pid) ?? [])
      .filter(isGone)
      .reduce((sum, child) => sum + seenOf(child) + seenOfEnded(child), 0);
  let usedMs = 0;
  const open = [root];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    open.push(...(children.get(pid) ?? []));
    const now = after.get(pid);
    if (now === undefined) continue;
    const { ownMs = 0, endedMs = 0 } = before.get(pid) ?? {};
    usedMs += Math.max(0, now.ownMs - ownMs) + Math.max(0, now.endedMs - endedMs - seenOfEnded(pid));
  }
  return usedMs;
}
