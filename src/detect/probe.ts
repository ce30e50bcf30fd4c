import type { Device, MachineProblem } from '../core/machine.js';
import type { Host } from './host.js';

/**
 * Finds the devices of one kind. Called once per detection, at the same time as all others; a probe that throws or
 * outlives its time becomes a problem of the machine. It reaches the system through the host alone.
 */
export type Probe = (host: Host, options: ProbeOptions) => Promise<ProbeFindings>;

export interface ProbeOptions {
  readonly signal: AbortSignal;
  /** For each tool the probe runs. */
  readonly timeoutMs: number;
  /** Installed packages are looked up from here upwards. */
  readonly projectDir: string;
}

export interface ProbeFindings {
  readonly devices: readonly Device[];
  readonly problems: readonly MachineProblem[];
}
