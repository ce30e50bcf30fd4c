import { createHash } from 'node:crypto';
import type { Device } from '../core/machine/machine.js';
import { clearSetAside, identityOf, keepSetAside, setAsideIn } from '../record/set-aside-devices.js';

/** A device of a machine of a fleet that runs have set aside after errors. */
export interface DeviceSetAside {
  readonly deviceId: string;
  /** The evidence, as the end of a sentence about it. */
  readonly reason: string;
  /** When that was told last, ISO 8601, UTC. */
  readonly since: string;
  /** Of how many projects runs have said so; of two: no run uses it. */
  readonly projects: number;
}

/** Called with what a run is to leave alone. */
type TellRun = (device: Omit<DeviceSetAside, 'projects'>) => void;

interface Listener {
  readonly project: string;
  readonly tell: TellRun;
  /** Devices that it knows of. */
  readonly known: Set<string>;
}

interface SetAsideHereOptions {
  /** Where they are kept, also when the worker starts anew. */
  readonly directory: string;
  /** The machine's. */
  readonly name: string;
  readonly devices: readonly Device[];
}

/**
 * The devices that a machine of a fleet lets runs leave alone. The errors of one project may be its own code's, so that they
 * count for the runs of that project; those of a second one count for all.
 */
export class SetAsideHere {
  readonly #options: SetAsideHereOptions;
  readonly #listeners = new Map<string, Listener>();

  constructor(options: SetAsideHereOptions) {
    this.#options = options;
  }

  get devices(): readonly DeviceSetAside[] {
    return this.#kept().map(({ deviceId, said }) => {
      const { reason, since } = said.reduce((last, each) => (each.since >= last.since ? each : last));
      return { deviceId, reason, since, projects: said.length };
    });
  }

  /** A run has come. @param project Names its project, the same for each run. */
  enter(owner: string, project: string, tell: TellRun): void {
    // Where code comes from is nobody's business who reads the file.
    const listener = { project: shortHashOf(project), tell, known: new Set<string>() };
    this.#listeners.set(owner, listener);
    this.#review(listener);
  }

  leave(owner: string): void {
    this.#listeners.delete(owner);
  }

  /** A run has set a device aside. @throws Error for one that is not here. */
  keep(owner: string, deviceId: string, reason: string): void {
    const { directory, name: machine, devices } = this.#options;
    const listener = this.#listeners.get(owner);
    const device = devices.find(({ id }) => id === deviceId);
    if (listener === undefined || device === undefined) throw new Error(`it has no device ${deviceId}`);
    const now = new Date();
    const { project, known } = listener;
    known.add(deviceId);
    const since = now.toISOString();
    keepSetAside(directory, { machine, deviceId, identity: identityOf(device), reason, since, project }, now);
    for (const each of this.#listeners.values()) this.#review(each);
  }

  /** Runs that begin use them again. @param deviceIds None: all. @returns Those that were set aside. */
  clear(deviceIds: readonly string[]): readonly DeviceSetAside[] {
    const { directory, devices } = this.#options;
    const isMeant = ({ deviceId }: DeviceSetAside) => deviceIds.length === 0 || deviceIds.includes(deviceId);
    const cleared = this.devices.filter(isMeant);
    const meant = devices.filter(({ id }) => cleared.some(({ deviceId }) => deviceId === id)).map(identityOf);
    clearSetAside(directory, ({ identity }) => meant.includes(identity), new Date());
    return cleared;
  }

  /** By device that is there now, whatever its id was. */
  #kept() {
    const { directory, name, devices } = this.#options;
    const kept = setAsideIn(directory, new Date()).filter(({ machine }) => machine === name);
    return devices.flatMap((device) => {
      const said = kept.filter(({ identity }) => identity === identityOf(device));
      return said.length === 0 ? [] : [{ deviceId: device.id, said }];
    });
  }

  #review({ project, tell, known }: Listener): void {
    for (const { deviceId, said } of this.#kept()) {
      if (known.has(deviceId)) continue;
      const own = said.find((each) => each.project === project);
      const counts = own ?? (said.length >= projectsForAll ? said.at(-1) : undefined);
      if (counts === undefined) continue;
      known.add(deviceId);
      tell({ deviceId, reason: counts.reason, since: counts.since });
    }
  }
}

/** A policy: errors that two projects have met are the device's. */
const projectsForAll = 2;

function shortHashOf(project: string): string {
  return createHash('sha256').update(project).digest('hex').slice(0, 16);
}
