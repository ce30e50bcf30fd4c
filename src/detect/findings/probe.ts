import type { Device, Evidence, MachineProblem } from '../../core/machine/machine.js';
import type { Backend, DeviceClass, Vendor } from '../../core/vocabulary/taxonomy.js';
import type { Host } from '../../host/host.js';

/**
 * Finds the devices of one kind. Called once per detection, at the same time as all others; a probe that throws or
 * outlives its time becomes a problem of the machine. It reaches the system through the host alone.
 */
export type Probe = (host: Host, options: ProbeOptions) => Promise<ProbeFindings>;

export interface ProbeOptions {
  readonly signal: AbortSignal;
  /** For each tool the probe runs. */
  readonly timeoutMs: number;
  /** Classes of devices that somebody wants; empty: nothing but what files tell. Undefined: all. */
  readonly classes?: readonly DeviceClass[] | undefined;
  /** Installed packages are looked up from here upwards. */
  readonly projectDir: string;
  /** Where answers that took long are kept; undefined: nowhere. */
  readonly cacheDirectory: string | undefined;
  /** True: ask again instead of using kept answers. */
  readonly refresh: boolean;
  /** The command that starts Python: a name on PATH, or a path. Undefined: the system's usual one. */
  readonly python: string | undefined;
  /** True: measure how fast devices compute, where the probe computes at all. */
  readonly calibrate: boolean;
}

export interface ProbeFindings {
  /** Numbered by the probe (`gpu0`, its parts `gpu0.…`); the numbers of the machine are given over all probes. */
  readonly devices: readonly Device[];
  /** A message about one device begins with the id that the probe gave it. */
  readonly problems: readonly MachineProblem[];
  /** By device id, as `pciAddressOf` writes it. Of several probes that see one address the first in the registry has it. */
  readonly pciAddresses?: Readonly<Record<string, string>>;
  /** What the probe knows of devices that others find. */
  readonly backendFindings?: readonly BackendFinding[];
}

/** Whether a device, or every device of a class (and vendor, where given), really has a backend. */
export type BackendFinding = (
  | { readonly class: DeviceClass; readonly vendor?: Vendor }
  | { readonly deviceId: string }
) & {
  readonly backend: Backend;
  /** Undefined: it has not, whatever seemed to be installed. */
  readonly evidence: Evidence | undefined;
  /** Why it has not, as a clause that follows the backend's name. */
  readonly reason?: string;
};

/**
 * Tries backends on the devices that the probes have found. Called once per detection, after all of them; see `Probe` for
 * the rest.
 */
export type BackendTrial = (
  host: Host,
  devices: readonly Device[],
  options: ProbeOptions,
) => Promise<Required<Pick<ProbeFindings, 'problems' | 'backendFindings'>>>;
