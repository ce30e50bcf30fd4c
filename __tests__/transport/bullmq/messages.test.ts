import { randomBytes } from 'node:crypto';
import type { Broker } from '../../../src/transport/bullmq/broker.js';
import {
  beatsKey,
  leasesKey,
  machinesKey,
  receivedKey,
  resultsKey,
} from '../../../src/transport/bullmq/keys.js';
import { contentOf, type Message, type Session, seal } from '../../../src/transport/bullmq/message.js';
import { registrationText } from '../../../src/transport/bullmq/registration.js';
import { workerKey } from '../../../src/transport/bullmq/signature.js';
import { textOf } from '../../../src/transport/text-of.js';
import { secret } from './fleet-parts.js';
import { testFleet } from './trial.js';

/** Puts a machine there by hand, which says what a test writes. */
async function forgedMachine(broker: Broker, name = 'forged') {
  const worker = `${name}.1`;
  const text = registrationText({ worker, name, about: {} }, workerKey(secret, name));
  await broker.commands.hset(machinesKey, worker, text);
  // It is to live until the end of the test.
  await broker.commands.zadd(beatsKey, broker.nowMs() + 60_000, worker);
  const taker = broker.takerOf(worker);
  return {
    worker,
    /** The next message of the run. */
    async heard(): Promise<{ readonly session: string; readonly call: number }> {
      for (;;) {
        const job = await taker.next();
        if (job !== undefined) return JSON.parse(String(job.data));
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    /** @param changed What is wrong with it. */
    sealed(session: string, sequence: number, message: Partial<Message>, changed: Changes = {}): string {
      const of: Session = { id: session, worker, key: changed.key ?? workerKey(secret, name) };
      const { text = textOf('forged'), ...rest } = message;
      const nowMs = broker.nowMs() + (changed.laterMs ?? 0);
      const header = { kind: 'answer', call: 1, name: 'echo', ...rest } as const;
      return seal(of, 'worker', header, contentOf(text), sequence, nowMs).header;
    },
    say: (run: string, header: string) => broker.commands.xadd(resultsKey(run), '*', 'm', header),
  };
}

interface Changes {
  readonly key?: Buffer;
  readonly laterMs?: number;
}

/** Resolves when the count is reached; with what it is then. */
async function reached(count: () => number, least: number): Promise<number> {
  while (count() < least) await new Promise((resolve) => setTimeout(resolve, 10));
  return count();
}

testFleet('what a machine says twice and in reverse counts once, in order', async ({ run }) => {
  const coordinator = await run();
  const machine = await forgedMachine(coordinator.broker);
  const connection = await coordinator.connect();
  const events: unknown[] = [];
  const call = connection.call('echo', 1, { onEvent: (_, payload) => void events.push(payload) });
  const { session } = await machine.heard();
  const id = session.slice(0, session.indexOf('.'));
  const [first, second, answer] = [
    machine.sealed(session, 1, { kind: 'event', text: textOf(1) }),
    machine.sealed(session, 2, { kind: 'event', text: textOf(2) }),
    machine.sealed(session, 3, {}),
  ] as const;
  for (const header of [answer, second, second, first, first, answer]) await machine.say(id, header);
  expect(await call).toBe('forged');
  expect(events).toEqual([1, 2]);
  expect(coordinator.client.dropped).toBe(0);
});

testFleet('a run drops and counts what its machine has not said', async ({ run }) => {
  const coordinator = await run();
  const machine = await forgedMachine(coordinator.broker);
  const connection = await coordinator.connect();
  let isAnswered = false;
  const call = connection.call('echo', 1).finally(() => {
    isAnswered = true;
  });
  const { session } = await machine.heard();
  const id = session.slice(0, session.indexOf('.'));
  const proved = machine.sealed(session, 1, {});
  const wrong: readonly string[] = [
    '',
    'no message',
    '{"session": 1}',
    proved.replace(/"signature":"[^"]*"/, '"signature":""'),
    proved.replace(/,"signature":"[^"]*"/, ''),
    proved.replace('forged', 'f0rged'),
    proved.replace('"sequence":1', '"sequence":2'),
    proved.replace('"side":"worker"', '"side":"run"'),
    machine.sealed(session, 1, {}, { key: workerKey(secret, 'other') }),
    machine.sealed(session, 1, {}, { key: randomBytes(32) }),
    machine.sealed(session, 1, {}, { laterMs: -11 * 60_000 }),
    machine.sealed('0123456789abcdef.1', 1, {}),
    machine.sealed(`${id}.2`, 1, {}),
  ];
  for (const header of wrong) await machine.say(id, header);
  expect(await reached(() => coordinator.client.dropped, wrong.length)).toBe(wrong.length);
  expect(isAnswered).toBe(false);
  await machine.say(id, proved);
  expect(await call).toBe('forged');
  expect(coordinator.client.dropped).toBe(wrong.length);
});

testFleet('a worker drops and counts what no run has asked', async ({ machine, run }) => {
  const worker = await machine();
  const { broker, ...coordinator } = await run();
  await coordinator.connect();
  const { worker: of } = coordinator.come[0] ?? { worker: '' };
  const id = `${randomBytes(8).toString('hex')}.1`;
  const runId = id.slice(0, -2);
  const stayAlive = () => broker.commands.zadd(leasesKey, broker.nowMs() + 60_000, runId);
  await stayAlive();
  const sealed = (sequence: number, message: Partial<Message>, { key, laterMs = 0 }: Changes = {}) => {
    const session: Session = { id, worker: of, key: key ?? workerKey(secret, 'box') };
    const { text = textOf(sequence), ...rest } = message;
    const header = { kind: 'call', call: sequence, name: 'note', ...rest } as const;
    return seal(session, 'run', header, contentOf(text), sequence, broker.nowMs() + laterMs).header;
  };
  const queue = broker.queue(of);
  const post = (header: string) =>
    queue.add('message', header, { removeOnComplete: true, removeOnFail: true });
  const proved = sealed(1, {});
  const wrong = [
    'no message',
    '{}',
    proved.replace(/"signature":"[^"]*"/, '"signature":"no"'),
    proved.replace('"name":"note"', '"name":"exit"'),
    sealed(1, {}, { key: workerKey(secret, 'other') }),
    sealed(1, {}, { laterMs: -11 * 60_000 }),
    proved.replaceAll(of, 'box.of-an-earlier-start'),
  ];
  for (const header of wrong) await post(header);
  expect(await reached(() => worker.server.dropped, wrong.length)).toBe(wrong.length);
  expect(worker.lines).toEqual([]);
  // In reverse, and twice.
  const second = sealed(2, {});
  for (const header of [second, second, proved, proved]) await post(header);
  await worker.said('noted 2');
  expect(worker.lines).toEqual(['noted 1', 'noted 2']);
  const close = sealed(3, { kind: 'close' });
  await post(close);
  await worker.said('session closed');
  // Replayed after its end.
  for (const header of [proved, second, close]) await post(header);
  expect(await reached(() => worker.server.dropped, wrong.length + 3)).toBe(wrong.length + 3);
  expect(worker.lines).toEqual(['noted 1', 'noted 2', 'session closed']);
  await broker.commands.del(receivedKey(runId));
});

testFleet(
  'what somebody says of a machine without its key counts once, not once a second',
  async ({ run }) => {
    const coordinator = await run();
    const { commands } = coordinator.broker;
    const text = registrationText({ worker: 'liar.1', name: 'liar', about: {} }, randomBytes(32));
    await commands.hset(machinesKey, 'liar.1', text);
    await commands.zadd(beatsKey, coordinator.broker.nowMs() + 60_000, 'liar.1');
    await reached(() => coordinator.client.dropped, 1);
    const machine = await forgedMachine(coordinator.broker);
    await coordinator.connect();
    expect(coordinator.come.map(({ worker }) => worker)).toEqual([machine.worker]);
    expect(coordinator.client.dropped).toBe(1);
  },
);

testFleet('two runs share a machine, and hear each their own', async ({ machine, run }) => {
  const worker = await machine();
  const runs = [await run(), await run()];
  const connections = await Promise.all(runs.map((each) => each.connect()));
  const answers = connections.flatMap((connection, side) =>
    Array.from({ length: 50 }, (_, index) => connection.call('note', `${side} ${index}`)),
  );
  const expected = [0, 1].flatMap((side) => Array.from({ length: 50 }, (_, index) => `${side} ${index}`));
  expect(await Promise.all(answers)).toEqual(expected);
  const [first, second] = connections;
  const held = first?.call('hold', 'a');
  const lost = expect(second?.call('hold', 'b')).rejects.toThrow('closed');
  await Promise.all([worker.said('started a'), worker.said('started b')]);
  await second?.close();
  await lost;
  await worker.said('aborted b');
  worker.release('a');
  expect(await held).toBe('a is done');
  expect(worker.lines).toHaveLength(expected.length + 4);
});

testFleet('an answer of 5 MB comes whole to a call that is stopped', async ({ machine, run }) => {
  await machine();
  const connection = await (await run()).connect();
  const abort = new AbortController();
  const large = connection.call('stoppedLarge', 5_000_000, { signal: abort.signal });
  await connection.call('echo', 1);
  abort.abort();
  expect(await large).toHaveLength(5_000_000);
  expect(await connection.call('echo', 2)).toBe(2);
});

for (const [name, shiftMs] of [
  ['ahead', 10 * 60_000],
  ['behind', -10 * 60_000],
] as const) {
  testFleet(`a machine whose clock is minutes ${name} takes part like any other`, async ({ child, run }) => {
    const machine = await child('machine', shiftMs);
    const coordinator = await run();
    const connection = await coordinator.connect();
    expect(await connection.call('note', 'a')).toBe('a');
    const held = connection.call('hold', 'b');
    await machine.said('started b');
    machine.tell('b');
    expect(await held).toBe('b is done');
    expect(coordinator.client.dropped).toBe(0);
  });
}
