import { Broker } from '../../src/transport/bullmq/broker.js';
import { FleetClient } from '../../src/transport/bullmq/fleet-client.js';
import { FleetServer } from '../../src/transport/bullmq/fleet-server.js';
import type { Registration } from '../../src/transport/bullmq/registration.js';
import { workerKey } from '../../src/transport/bullmq/signature.js';
import type { Transport } from '../../src/transport/transport.js';
import { echoHandlers } from './echo-worker.js';

export const secret = 'a secret of the fleet, for tests';

/** A worker of a fleet in this process, which answers as the one of the contract does. */
export async function echoMachine(url: string, name = 'box'): Promise<FleetMachine> {
  const broker = await Broker.open({ url });
  const server = new FleetServer({
    broker,
    name,
    key: workerKey(secret, name),
    about: () => ({ has: 'nothing' }),
    serve: (notify) => ({ handlers: echoHandlers(notify), close() {} }),
  });
  await server.start();
  return {
    server,
    broker,
    async close() {
      await server.close();
      await broker.close();
    },
  };
}

export interface FleetMachine {
  readonly server: FleetServer;
  readonly broker: Broker;
  close(): Promise<void>;
}

/** A run, and its way to the first machine that it sees. */
export async function runOver(url: string, ofSecret = secret): Promise<FleetRun> {
  const broker = await Broker.open({ url });
  const come: Registration[] = [];
  const waiting: (() => void)[] = [];
  const client = new FleetClient({
    broker,
    secret: ofSecret,
    onMachines(registrations) {
      come.push(...registrations);
      for (const tell of waiting.splice(0)) tell();
    },
  });
  await client.start();
  return {
    client,
    broker,
    come,
    async transport() {
      if (come.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
      return client.transportTo(come.at(-1) as Registration);
    },
  };
}

export interface FleetRun {
  readonly client: FleetClient;
  readonly broker: Broker;
  readonly come: readonly Registration[];
  transport(): Promise<Transport>;
}
