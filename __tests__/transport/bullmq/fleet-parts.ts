/** What a fleet is made of, in this process or in one of its own: it says what happens, a line each. */
import { Broker } from '../../../src/transport/bullmq/broker.js';
import { FleetClient, type FleetClientOptions } from '../../../src/transport/bullmq/fleet-client.js';
import { FleetServer } from '../../../src/transport/bullmq/fleet-server.js';
import type { Registration } from '../../../src/transport/bullmq/registration.js';
import { workerKey } from '../../../src/transport/bullmq/signature.js';
import type { Call, Connection } from '../../../src/transport/transport.js';
import { echoHandlers } from '../echo-worker.js';

export const secret = 'a secret of the fleet, for tests';

export type Say = (line: string) => void;

export interface Machine {
  readonly server: FleetServer;
  readonly broker: Broker;
  /** Lets a call of `hold` answer. */
  release(id: string): void;
  close(): Promise<void>;
}

/** A machine that echoes, and holds calls until they are released. */
export async function startMachine(url: string, say: Say, name = 'box'): Promise<Machine> {
  const broker = await Broker.open({ url, onTrouble: say });
  const held = new Map<string, (answer: string) => void>();
  const hold = (id: string, { signal }: Call) =>
    new Promise<string>((resolve) => {
      held.set(id, resolve);
      signal.addEventListener('abort', () => {
        say(`aborted ${id}`);
        resolve('stopped');
      });
      say(`started ${id}`);
    });
  const server = new FleetServer({
    broker,
    name,
    key: workerKey(secret, name),
    about: () => ({ has: 'nothing' }),
    serve: (notify) => ({
      handlers: {
        ...echoHandlers(notify),
        hold,
        note: async (id: string) => {
          say(`noted ${id}`);
          return id;
        },
        stoppedLarge: async (characters: number, { signal }: Call) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
          return 'x'.repeat(characters);
        },
      },
      close: () => say('session closed'),
    }),
  });
  await server.start();
  return {
    server,
    broker,
    release: (id) => held.get(id)?.(`${id} is done`),
    async close() {
      await server.close();
      await broker.close();
    },
  };
}

export interface Run {
  readonly client: FleetClient;
  readonly broker: Broker;
  /** Machines as they were told. */
  readonly come: readonly Registration[];
  /** Connects to the machine that was told as this one, from 1, as soon as it is. */
  connect(told?: number, onNotice?: (name: string, payload: unknown) => void): Promise<Connection>;
  close(): Promise<void>;
}

export async function startRun(
  url: string,
  say: Say = () => {},
  options: Pick<FleetClientOptions, 'brokerAwayMs'> = {},
): Promise<Run> {
  const broker = await Broker.open({ url, onTrouble: say });
  const come: Registration[] = [];
  const waiting = new Set<() => void>();
  const client = new FleetClient({
    ...options,
    broker,
    secret,
    onMachines(registrations) {
      come.push(...registrations);
      for (const { name } of registrations) say(`told ${name}`);
      for (const look of waiting) look();
    },
  });
  await client.start();
  return {
    client,
    broker,
    come,
    async connect(told = 1, onNotice = () => {}) {
      await new Promise<void>((resolve) => {
        const look = () => {
          if (come.length >= told) resolve();
        };
        waiting.add(look);
        look();
      });
      const transport = client.transportTo(come[told - 1] as Registration);
      return transport.connect({ onNotice }, new AbortController().signal);
    },
    close: () => client.close(),
  };
}
