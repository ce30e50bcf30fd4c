import { connect, createServer, type Socket } from 'node:net';

/** A network between a client and a server on the loopback device, which can fail. */
export interface Link {
  readonly port: number;
  /** Ends all connections, and refuses new ones. */
  cut(): void;
  /** Passes nothing on, in either direction, and tells nobody. */
  swallow(): void;
  /** Passes on what was held back; takes connections again. */
  heal(): void;
  close(): void;
}

/** @param delayMs What each direction takes. */
export async function startLink(toPort: number, delayMs = 0): Promise<Link> {
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];
  let state: 'whole' | 'cut' | 'swallows' = 'whole';
  const pass = (act: () => void) => {
    const now = () => (state === 'swallows' ? void held.push(act) : act());
    if (delayMs === 0) now();
    else setTimeout(now, delayMs);
  };
  const join = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (chunk) => pass(() => to.write(chunk)));
    from.on('end', () => pass(() => to.end()));
    from.on('error', () => {});
    from.on('close', () => {
      sockets.delete(from);
      pass(() => to.destroy());
    });
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (state === 'cut') return void client.destroy();
    const there = connect({ port: toPort, host: '127.0.0.1', allowHalfOpen: true });
    join(client, there);
    join(there, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut() {
      state = 'cut';
      held.length = 0;
      drop();
    },
    swallow() {
      state = 'swallows';
    },
    heal() {
      state = 'whole';
      for (const act of held.splice(0)) act();
    },
    close() {
      state = 'cut';
      drop();
      server.close();
    },
  };
}
