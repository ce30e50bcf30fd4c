/**
 * The most that is read from a file or made up for a simulation. Each is far above what anybody has, and low enough that
 * an error comes at once where otherwise memory or patience would end.
 */
export const limits = {
  /** Levels of objects and lists in JSON: ours have 8 at most, and a reader that calls itself fails at about 5000. */
  jsonDepth: 100,
  /** CPU threads or workers of one machine: the largest number that a Linux kernel for x86-64 is built for. */
  cpuThreads: 8192,
  /** Devices of one machine. */
  devices: 100_000,
  /** Devices that another machine may say it has found: 16 GPUs in 7 slices each are 112, other accelerators come beside them. */
  detectedDevices: 256,
  /** Machines of a fleet or a simulation. */
  machines: 10_000,
  /** Slots of one machine, and of all machines of a fleet or a simulation together: about 0.4 KB each. */
  slots: 100_000,
  /** Suites of a simulation. */
  suites: 1_000_000,
  /** Suites times kinds of slots that each is compared with, in a simulation: minutes of computing. */
  comparisons: 1_000_000,
  /** Mistakes of one file that are told. */
  mistakes: 20,
  /** Characters of a glob: a path of a file is not longer on most systems. */
  globLength: 1024,
} as const;
