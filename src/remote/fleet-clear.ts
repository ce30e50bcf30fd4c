import { Broker } from '../transport/bullmq/broker.js';
import { FleetClient } from '../transport/bullmq/fleet-client.js';
import type { Registration } from '../transport/bullmq/registration.js';
import { checked } from './checked.js';
import { fleetSecret } from './fleet-credentials.js';
import { aboutOf, devicesSetAside } from './fleet-machine.js';
import type { ClearParams } from './protocol.js';
import type { DeviceSetAside } from './set-aside-here.js';

/** What a machine of a fleet says to a wish that its devices be used again. */
export interface ClearedMachine {
  readonly name: string;
  /** Those that were set aside. */
  readonly devices: readonly DeviceSetAside[];
  /** Why it did not answer, as the end of a sentence about it. */
  readonly problem?: string;
}

/**
 * Lets later runs use devices again that runs have set aside.
 * @param names `<machine>` or `<machine>/<device>`; none: all.
 * @throws UsageError when the fleet cannot be reached.
 */
export async function clearFleet(
  url: string,
  insecure: boolean,
  env: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): Promise<readonly ClearedMachine[]> {
  const secret = fleetSecret(url, env);
  const broker = await Broker.open({ url, insecure });
  const there: Registration[] = [];
  const client = new FleetClient({ broker, secret, onMachines: (come) => there.push(...come) });
  try {
    await client.start();
    const asked = there.flatMap((machine) => {
      const deviceIds = meantOn(machine, names);
      return deviceIds.length === 0 ? [] : [clearMachine(client, machine, { deviceIds })];
    });
    return await Promise.all(asked);
  } finally {
    await client.close();
  }
}

/** Ids of the devices there that are set aside and meant. */
function meantOn(machine: Registration, names: readonly string[]): readonly string[] {
  const ids = (aboutOf(machine)?.setAside ?? []).map(({ deviceId }) => deviceId);
  if (names.length === 0 || names.includes(machine.name)) return ids;
  return ids.filter((id) => names.includes(`${machine.name}/${id}`));
}

async function clearMachine(
  client: FleetClient,
  machine: Registration,
  params: ClearParams,
): Promise<ClearedMachine> {
  const { name } = machine;
  const connection = await client
    .transportTo(machine)
    .connect({ onNotice: () => {} }, new AbortController().signal);
  try {
    const answer = await connection.call('clearSetAside', params);
    return { name, devices: checked(devicesSetAside, answer, 'its answer is no list of devices') };
  } catch (error) {
    return { name, devices: [], problem: (error as Error).message };
  } finally {
    await connection.close();
  }
}
