import { opening } from '../../src/remote/fleet-machine.js';
import { protocolVersion } from '../../src/remote/protocol.js';
import type { Connection, Transport } from '../../src/transport/transport.js';

const params = { protocol: protocolVersion, project: 'p', remote: 'r', weight: 1, isForeign: false };

/** A way to a machine that answers only when it is told to stop. */
function busyMachine() {
  let isClosed = false;
  const connection: Connection = {
    call: (_method, _params, { signal } = {}) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('it was stopped')));
      }),
    notify: () => {},
    busyFor: () => {},
    lost: new Promise(() => {}),
    close: async () => {
      isClosed = true;
    },
    abandon: () => {},
  };
  const transport: Transport = {
    name: 'desk',
    address: 'redis://broker/desk',
    connect: async () => connection,
  };
  return { transport, isClosed: () => isClosed };
}

test('a machine that lets no run in is left after a while', async () => {
  const { transport, isClosed } = busyMachine();
  const joining = opening(transport, params, 1000).connect(
    { onNotice: () => {} },
    new AbortController().signal,
  );
  await expect(joining).rejects.toThrow('has let no run in for 1 s');
  expect(isClosed()).toBe(true);
});

test('a run that ends leaves it at once', async () => {
  const { transport, isClosed } = busyMachine();
  const run = new AbortController();
  const joining = opening(transport, params, 600_000).connect({ onNotice: () => {} }, run.signal);
  setImmediate(() => run.abort());
  await expect(joining).rejects.toThrow('it was stopped');
  expect(isClosed()).toBe(true);
});
