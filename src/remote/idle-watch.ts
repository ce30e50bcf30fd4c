import { UsageError } from '../core/vocabulary/usage-error.js';
import { liveHost } from '../host/live.js';
import { CpuOfOthers } from '../sensors/cpu-of-others.js';

/** When a machine is idle, but for what its worker does. */
export interface IdlePolicy {
  /** Other programs use fewer CPU threads than that, on average of {@link windowMs}; > 0. */
  readonly threads: number;
  /** They have done so for that long, ms. */
  readonly afterMs: number;
}

/** The mean of so long counts, ms: a page that loads is no work, and a person who works is noticed soon. A policy. */
const windowMs = 6000;
/** Looking takes 3 ms of CPU time with 136 processes: 0.2 % of a CPU thread. */
const lookMs = 2000;

/** Decides by measurements in a row whether a machine is idle. In doubt it is not. */
export class IdleJudge {
  readonly #policy: IdlePolicy;
  #recent: readonly { readonly ms: number; readonly withinMs: number }[] = [];
  #quietMs = 0;
  #isIdle = false;

  constructor(policy: IdlePolicy) {
    this.#policy = policy;
  }

  get isIdle(): boolean {
    return this.#isIdle;
  }

  /** @param ms CPU time that other programs have used since the last one. */
  note(ms: number, withinMs: number): void {
    let spanMs = 0;
    this.#recent = [{ ms, withinMs }, ...this.#recent].filter((each) => {
      const isInWindow = spanMs < windowMs;
      spanMs += each.withinMs;
      return isInWindow;
    });
    const usedMs = this.#recent.reduce((sum, each) => sum + each.ms, 0);
    const overMs = this.#recent.reduce((sum, each) => sum + each.withinMs, 0);
    const isQuiet = overMs >= windowMs && usedMs < this.#policy.threads * overMs;
    this.#quietMs = isQuiet ? this.#quietMs + withinMs : 0;
    this.#isIdle = isQuiet && (this.#isIdle || this.#quietMs >= this.#policy.afterMs);
  }
}

/** Watches whether others use this machine. */
export class IdleWatch {
  readonly #judge: IdleJudge;
  readonly #onChange: (isIdle: boolean) => void;
  readonly #cpu = new CpuOfOthers(liveHost());
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(policy: IdlePolicy, onChange: (isIdle: boolean) => void) {
    this.#judge = new IdleJudge(policy);
    this.#onChange = onChange;
  }

  get isIdle(): boolean {
    return this.#judge.isIdle;
  }

  /** @throws UsageError where it cannot be measured. */
  async start(): Promise<void> {
    if (!(await this.#cpu.begin())) {
      throw new UsageError({
        message: '`--when idle` cannot tell here what other programs use of the CPUs',
        expected: 'Linux with /proc, or a system that has `ps`; on Windows, WSL',
        remedy: 'start the worker without it, when the machine is to serve runs',
      });
    }
    this.#timer = setInterval(() => void this.#look(), lookMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Resolves when the machine is idle. An abort gives up. */
  whenIdle(signal: AbortSignal): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.add(resolve);
      const giveUp = () => {
        this.#waiting.delete(resolve);
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  async #look(): Promise<void> {
    const wasIdle = this.isIdle;
    const used = await this.#cpu.sinceLast();
    if (used === undefined) return;
    this.#judge.note(used.ms, used.withinMs);
    if (this.isIdle === wasIdle) return;
    this.#onChange(this.isIdle);
    if (!this.isIdle) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
