import { Broker } from '../transport/bullmq/broker.js';
import { livingMachines } from '../transport/bullmq/living-machines.js';
import { workerKey } from '../transport/bullmq/signature.js';
import { fleetSecret } from './fleet-credentials.js';
import { aboutOf } from './fleet-machine.js';
import type { FleetAbout } from './protocol.js';

/** Who is in a fleet now. */
export interface FleetList {
  /** Of the broker, without user and password. */
  readonly address: string;
  readonly machines: readonly FleetMember[];
  /** How many say they are machines of the fleet, and have no key of it, or say what this version does not understand. */
  readonly unproved: number;
}

export interface FleetMember extends FleetAbout {
  readonly name: string;
  /** Id of its worker's start. */
  readonly worker: string;
}

/** Looks who is there, once for each call of `look`. @throws UsageError when the fleet cannot be reached. */
export async function openFleetList(
  url: string,
  insecure: boolean,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ look(): Promise<FleetList>; close(): Promise<void> }> {
  const secret = fleetSecret(url, env);
  const broker = await Broker.open({ url, insecure });
  return {
    async look() {
      await broker.keepTime();
      const { come, unproved } = await livingMachines(broker, new Set(), (name) => workerKey(secret, name));
      const machines = come.flatMap((registration) => {
        const about = aboutOf(registration);
        const { name, worker } = registration;
        return about === undefined ? [] : [{ name, worker, ...about }];
      });
      machines.sort((a, b) => (a.name < b.name ? -1 : 1));
      return { address: broker.address, machines, unproved: unproved.length + come.length - machines.length };
    },
    close: () => broker.close(),
  };
}
