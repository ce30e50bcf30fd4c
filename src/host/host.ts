/**
 * The one seam between detection and the system. Every probe reads files, runs tools and asks for facts through it,
 * so that a machine recorded in a folder is replayed by exactly the code that runs live.
 */
export interface Host {
  readonly platform: NodeJS.Platform;
  /** As `process.arch`: `x64`, `arm64` … */
  readonly arch: string;
  /** As `os.release()`. */
  readonly release: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where relative paths and the lookup of installed packages start. */
  readonly workingDirectory: string;
  /** Physical memory, > 0. */
  readonly totalMemoryBytes: number;
  /** Minutes from 1970 to the start of the system; left out where that is not known, or where a file tells it better. */
  readonly bootMinute?: number;
  /** What Node says it may use, ≥ 1; undefined when a recorded host does not tell. */
  readonly availableParallelism: number | undefined;
  /** Model name of the first CPU as Node knows it. Asking costs milliseconds on machines with many cores. */
  cpuModel(): string | undefined;
  /** The whole file as text; undefined when it is missing or unreadable. */
  readFile(path: string): string | undefined;
  /** Entry names, sorted; empty when the directory is missing or unreadable. */
  readDirectory(path: string): readonly string[];
  exists(path: string): boolean;
  /** Whether this user may open it for reading and writing, as a device's node must be. */
  mayOpen(path: string): boolean;
  /** Changes with the file: its modification time and size. Undefined when it is missing. */
  stampOf(path: string): string | undefined;
  /** Runs a tool found on PATH (or by absolute path). Never rejects: every end is an outcome. */
  run(command: string, args: readonly string[], options: RunOptions): Promise<RunOutcome>;
  /**
   * Starts a tool that goes on printing, found as by `run`. It never keeps this process alive and ends with it.
   * @returns Kills it; after that nothing is told any more.
   */
  follow(command: string, args: readonly string[], follower: Follower): () => void;
  /** What a slow cross-platform library knows of the CPU; asked only where everything else is silent. */
  cpuFallback(): Promise<CpuFallback | undefined>;
}

export interface Follower {
  onLine(line: string): void;
  /** It ended by itself or is not there. Never within the call that started it, never twice. */
  onEnd(): void;
}

export interface RunOptions {
  /** The tool and what it started are killed after this long. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Whether this output is an answer at all; what is not is never kept for the next time. Default: every output. */
  readonly isAnswer?: (stdout: string) => boolean;
  /**
   * What later detections need not ask for again. `hangs`: only that it ran out of its time, because what it tells may
   * change at any moment; `nothing`: who asks keeps what is worth it. Default: its answer, or that it hangs.
   */
  readonly keep?: 'hangs' | 'nothing';
}

export interface RunOutcome {
  /** `absent`: no such tool; `error`: it ended with another code than 0, by a signal, or could not be started. */
  readonly status: 'ok' | 'absent' | 'timeout' | 'error';
  readonly stdout: string;
  readonly stderr: string;
  /** True: it ran out of its time in an earlier detection and was not started again. */
  readonly remembered?: boolean;
}

export interface CpuFallback {
  readonly manufacturer: string;
  readonly model: string;
}
