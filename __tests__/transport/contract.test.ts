import { inProcess } from '../../src/transport/in-process.js';
import { sshTransport } from '../../src/transport/ssh/ssh-transport.js';
import type { Connection, Transport } from '../../src/transport/transport.js';
import { type RedisHost, redisServer, startRedis } from '../e2e/harness/redis-server.js';
import { type SshHost, sshServer, startSshHost } from '../e2e/harness/ssh-server.js';
import { echoMachine, type FleetMachine, type FleetRun, runOver } from './echo-over-redis.js';
import { echoProgram } from './echo-over-ssh.js';
import { echoHandlers } from './echo-worker.js';

let host: SshHost | undefined;
let redis: RedisHost | undefined;
let machine: FleetMachine | undefined;
let run: FleetRun | undefined;
const transports: Record<string, () => Promise<Transport>> = {
  'in this process': async () => inProcess('near', echoHandlers),
  ...(sshServer === undefined ? {} : { 'over ssh': overSsh }),
  ...(redisServer === undefined ? {} : { 'over a broker': overRedis }),
};
afterAll(async () => {
  host?.dispose();
  await run?.client.close();
  await machine?.close();
  await redis?.dispose();
});

async function overRedis(): Promise<Transport> {
  redis ??= await startRedis();
  machine ??= await echoMachine(redis.url);
  run ??= await runOver(redis.url);
  return run.transport();
}

async function overSsh(to?: SshHost): Promise<Transport> {
  host ??= await startSshHost('box');
  const { name, configFile } = to ?? host;
  const program = await echoProgram();
  return sshTransport({
    name,
    address: { destination: name },
    sshArgs: ['-F', configFile],
    directory: '~/worker files',
    program,
  });
}

describe.each(Object.entries(transports))('%s', (_name, transportOf) => {
  const notices: unknown[] = [];
  let connection: Connection;
  beforeAll(async () => {
    const transport = await transportOf();
    const onNotice = (name: string, payload: unknown) => void notices.push([name, payload]);
    connection = await transport.connect({ onNotice }, new AbortController().signal);
  });
  afterAll(() => connection.close());

  test('a call gets its answer', async () => {
    const value = { text: 'ä\u2028\0"', list: [1, null, { deep: true }] };
    expect(await connection.call('echo', value)).toEqual(value);
    expect(await connection.call('echo', undefined)).toBeNull();
  });

  test('values that JSON does not know arrive', async () => {
    const circle = (await connection.call('circle', null)) as { big: bigint; self: unknown };
    expect(circle.big).toBe(12n);
    expect(circle.self).toBe(circle);
  });

  test('events come in order, and before the answer', async () => {
    const events: unknown[] = [];
    const onEvent = (name: string, payload: unknown) => void events.push([name, payload]);
    expect(await connection.call('count', 3, { onEvent })).toBe(3);
    expect(events).toEqual([1, 2, 3].map((each) => ['counted', each]));
  });

  test('an answer of 5 MB arrives whole, and small ones pass it', async () => {
    const large = connection.call('large', 5_000_000);
    const small = connection.call('echo', 'small');
    expect(await Promise.race([large.then(() => 'large'), small])).toBe('small');
    expect(await large).toHaveLength(5_000_000);
  });

  test('a call that fails says why', async () => {
    await expect(connection.call('fail', 'no such thing')).rejects.toThrow('no such thing');
    await expect(connection.call('unknown', null)).rejects.toThrow('there is no call unknown');
  });

  test('an abort stops the call there', async () => {
    const abort = new AbortController();
    const waiting = connection.call('wait', null, { signal: abort.signal });
    abort.abort();
    expect(await waiting).toBe('stopped');
  });

  test('the worker can tell something by itself', async () => {
    await connection.call('tell', { a: 1 });
    expect(notices).toContainEqual(['told', { a: 1 }]);
  });

  test('a closed connection takes no calls, and counts not as lost', async () => {
    const other = await (await transportOf()).connect({ onNotice() {} }, new AbortController().signal);
    const waiting = other.call('wait', null);
    const [outcome] = await Promise.allSettled([waiting, other.close()]);
    expect(outcome.status).toBe('rejected');
    await expect(other.call('echo', 1)).rejects.toThrow('closed');
    expect(await Promise.race([other.lost, Promise.resolve('not lost')])).toBe('not lost');
  });
});

const withSsh = sshServer === undefined ? describe.skip : describe;

withSsh('ssh', () => {
  const signal = new AbortController().signal;

  test('a worker that ends is lost, and so are its calls', async () => {
    const connection = await (await overSsh()).connect({ onNotice() {} }, signal);
    await expect(connection.call('exit', null)).rejects.toThrow('the connection was closed');
    expect(await connection.lost).toContain('a word on stderr');
  });

  test('a server that is gone is lost at once', async () => {
    const own = await startSshHost('other');
    const connection = await (await overSsh(own)).connect({ onNotice() {} }, signal);
    own.kill();
    expect(await connection.lost).toContain('connection');
    own.dispose();
  });

  test.each([
    ['a port where nobody listens', { destination: '127.0.0.1', port: 1 }, 'Connection refused'],
    ['a host that has no address', { destination: 'no-such-host.invalid' }, 'Could not resolve hostname'],
  ])('%s is named with the reason', async (_name, address, reason) => {
    const transport = sshTransport({
      name: 'nowhere',
      address,
      sshArgs: [],
      directory: '~/x',
      program: { packed: Buffer.alloc(0), protocol: 1, hash: '0' },
    });
    const refused = transport.connect({ onNotice() {} }, signal);
    await expect(refused).rejects.toMatchObject({
      name: 'Unreachable',
      message: expect.stringContaining(reason),
    });
  });

  test('a machine without Node.js says so', async () => {
    await overSsh();
    const refused = sshTransport({
      name: 'box',
      address: { destination: 'box' },
      sshArgs: ['-F', host?.configFile ?? ''],
      directory: '~/x',
      node: '/opt/no/node',
      program: { packed: Buffer.alloc(0), protocol: 1, hash: '0' },
    }).connect({ onNotice() {} }, signal);
    await expect(refused).rejects.toThrow('has no Node.js at /opt/no/node');
  });
});
