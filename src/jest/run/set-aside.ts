import type { Happening, RunEvent } from '../../core/events.js';
import type { Machine } from '../../core/machine/machine.js';
import { printable } from '../../core/vocabulary/printable.js';
import type { RunListener } from '../../execute/run.js';
import { messageOf } from '../../host/system-error.js';
import { identityOf, keepSetAside, type SetAsideDevice, setAsideIn } from '../../record/set-aside-devices.js';
import type { DeviceKeeper } from '../remote/remote-machines.js';

interface SetAsideOptions {
  readonly outputDirectory: string;
  /** The machine keeps what is set aside there; undefined: it does not. */
  keeperOf(machine: string): DeviceKeeper | undefined;
  tell(happening: Happening): void;
  say(message: string): void;
}

/** Tells a run which devices earlier ones have set aside, and keeps those that it sets aside itself for later ones. */
export class SetAsideDevices implements RunListener {
  readonly #options: SetAsideOptions;
  readonly #kept: readonly SetAsideDevice[];
  readonly #machines = new Map<string, Machine>();

  constructor(options: SetAsideOptions) {
    this.#options = options;
    this.#kept = setAsideIn(options.outputDirectory, new Date());
  }

  event(event: RunEvent): void {
    if (event.type === 'machine-known') this.#machines.set(event.machine.machine.name, event.machine);
    if (event.type !== 'set-aside') return;
    const { machine, deviceId, reason, since, injected } = event;
    if (injected) return;
    const name = deviceId === undefined ? machine : `${machine}/${deviceId}`;
    const when = since === undefined ? '' : ` since ${since}`;
    const keeper = this.#options.keeperOf(machine);
    const clear = keeper === undefined ? 'devices --clear' : `fleet --clear ${keeper.name}/${deviceId}`;
    const until =
      deviceId === undefined ? 'for the rest of this run' : `until \`npx jest-runner-hardware ${clear}\``;
    this.#options.say(`jest-runner-hardware: ${name} is set aside${when}, ${until}: it ${printable(reason)}`);
    if (since !== undefined || deviceId === undefined) return;
    if (keeper === undefined) this.#keep(machine, deviceId, reason);
    else keeper.keep(deviceId, reason);
  }

  /** Before any slot of the machine is up, so that nothing starts there. */
  settled(events: readonly RunEvent[]): void {
    for (const event of events) {
      if (event.type !== 'machine-known') continue;
      const { name } = event.machine.machine;
      for (const device of event.machine.devices) {
        const kept = this.#kept.find((each) => each.machine === name && each.identity === identityOf(device));
        if (kept === undefined) continue;
        const { reason, since } = kept;
        this.#options.tell({ type: 'set-aside', machine: name, deviceId: device.id, reason, since });
      }
    }
  }

  #keep(machine: string, deviceId: string, reason: string): void {
    const { outputDirectory, say } = this.#options;
    const device = this.#machines.get(machine)?.devices.find(({ id }) => id === deviceId);
    if (device === undefined) return;
    const now = new Date();
    const kept = { machine, deviceId, identity: identityOf(device), reason, since: now.toISOString() };
    try {
      keepSetAside(outputDirectory, kept, now);
    } catch (error) {
      say(`jest-runner-hardware: later runs will use ${machine}/${deviceId} again: ${messageOf(error)}`);
    }
  }
}
