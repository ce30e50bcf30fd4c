import { connect, createServer, type Socket } from 'node:net';

/** A way to a port of this machine that is as slow as a way to another continent. */
export interface SlowLink {
  readonly port: number;
  /** From now on nothing passes, in either direction, and nobody is told. */
  swallow(): void;
  close(): void;
}

/** @param delayMs In each direction: half of the round trip. Bandwidth and order stay as they are. */
export async function slowLink(to: number, delayMs: number): Promise<SlowLink> {
  const sockets = new Set<Socket>();
  let swallows = false;
  const forward = (from: Socket, target: Socket) => {
    sockets.add(from);
    const later = (what: () => void) => setTimeout(() => swallows || what(), delayMs);
    from.on('data', (chunk) => later(() => target.write(chunk)));
    from.on('end', () => later(() => target.end()));
    from.on('error', () => {});
    from.on('close', () => {
      sockets.delete(from);
      later(() => target.destroy());
    });
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    forward(near, far);
    forward(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    swallow() {
      swallows = true;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
