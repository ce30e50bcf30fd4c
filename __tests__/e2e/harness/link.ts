import { connect, createServer, type Socket } from 'node:net';

/** A network between a client and a server on the loopback device, which can fail. */
export interface Link {
  readonly port: number;
  /** Ends all connections, and refuses new ones. */
  cut(): void;
  /** Passes nothing on, in either direction, and tells nobody. */
  swallow(): void;
  /** From now on each direction takes this long, ms. */
  delay(delayMs: number): void;
  /** Passes on what was held back; takes connections again. */
  heal(): void;
  close(): void;
}

/** @param firstDelayMs What each direction takes at first. */
export async function startLink(toPort: number, firstDelayMs = 0): Promise<Link> {
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];
  let state: 'whole' | 'cut' | 'swallows' = 'whole';
  let delayMs = firstDelayMs;
  const join = (from: Socket, to: Socket) => {
    let last = Promise.resolve();
    const pass = (act: () => void) => {
      const now = () => (state === 'swallows' ? void held.push(act) : act());
      const [before, forMs] = [last, delayMs];
      // In order, also where the way has become shorter.
      last = new Promise((resolve) => {
        const passed = () => void before.then(now).then(resolve);
        if (forMs === 0) passed();
        else setTimeout(passed, forMs);
      });
    };
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
    delay(ms) {
      delayMs = ms;
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
