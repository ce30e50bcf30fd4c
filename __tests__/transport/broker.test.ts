/** Which brokers are taken, and what is said of others. With a real Redis, but for one that nobody has any more. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { Broker } from '../../src/transport/bullmq/broker.js';
import {
  freePort,
  type RedisHost,
  redisServer,
  startRedis,
  testWithRedis,
} from '../e2e/harness/redis-server.js';

const folder = mkdtempSync(join(tmpdir(), 'jrh-broker-'));
let redis: RedisHost;
beforeAll(async () => {
  if (redisServer !== undefined) redis = await startRedis();
});
afterAll(async () => {
  await redis?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** All that is said of a broker that is not taken; also by whoever shows the whole error. */
async function refusalOf(url: string, insecure = false): Promise<string> {
  const [, , password = ''] = /\/\/([^:@]*):([^@]+)@/.exec(url) ?? [];
  try {
    const broker = await Broker.open({ url, insecure });
    await broker.close();
    return 'none';
  } catch (error) {
    const all = `${inspect(error, { depth: 10 })}\n${(error as Error).message}`;
    for (const each of [password, safelyDecoded(password)])
      if (each !== '' && all.includes(each)) throw new Error('it tells the password');
    return (error as Error).message;
  }
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

test('an address without encryption is taken on this machine alone, or where that is asked for', async () => {
  for (const url of [
    'redis://redis.example:6379',
    'redis://user:hidden-word@10.0.0.1',
    'redis://127.0.0.1.example.org',
    'redis://127.example',
    'redis://localhost.example',
    'redis://localhost@redis.example',
    'redis://0.0.0.0',
    'redis:///tmp/redis.sock',
  ]) {
    const said = await refusalOf(url);
    expect(said).toContain('is not encrypted');
    expect(said).toContain('--insecure');
  }
  expect(await refusalOf('redis://redis.invalid', true)).toContain('its name has no address');
});

test('what is no address of a broker is named, and not shown', async () => {
  expect(await refusalOf('redis.example')).toContain('the address of the fleet is none');
  expect(await refusalOf('https://user:hidden-word@redis.example')).toContain(
    'cannot be reached by https://',
  );
  expect(await refusalOf('rediss://user:hidden%word@redis.example')).toContain('is not percent-encoded');
});

testWithRedis('a password with all kinds of signs is percent-encoded in the address', async () => {
  const admin = new Redis(redis.url);
  const password = `a:/@?#[]%41 "'é`;
  await admin.call('ACL', 'SETUSER', 'someone', 'reset', 'on', `>${password}`, '~*', '&*', '+@all');
  const of = (text: string) => redis.url.replace('//', `//someone:${encodeURIComponent(text)}@`);
  expect(await refusalOf(of(password))).toBe('none');
  const said = await refusalOf(of('a-wrong-password'));
  expect(said).toContain('it refuses the user or the password');
  expect(said).toMatch(/remedy: .*percent-encoded/);
  admin.disconnect();
});

testWithRedis('a broker that may throw away what waits there is refused, with the remedy', async () => {
  const admin = new Redis(redis.url);
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
  expect(await refusalOf(redis.url)).toMatch(
    /throw away what waits[\s\S]*expected: *maxmemory-policy noeviction[\s\S]*found: *allkeys-lru[\s\S]*remedy: .*CONFIG SET maxmemory-policy noeviction/,
  );
  await admin.config('SET', 'maxmemory-policy', 'noeviction');
  expect(await refusalOf(redis.url)).toBe('none');
  admin.disconnect();
});

test('a broker that is too old is refused', async () => {
  // No system has one any more: it answers as Redis 6.0 does.
  const info = '# Server\r\nredis_version:6.0.16\r\nmaxmemory_policy:noeviction\r\nloading:0\r\n';
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      for (const command of data.toString().match(/\r\n(HELLO|hello|INFO|info|CLIENT|client)\r\n/g) ?? [])
        socket.write(/info/i.test(command) ? `$${info.length}\r\n${info}\r\n` : '+OK\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const said = await refusalOf(`redis://127.0.0.1:${port}`);
  server.close();
  expect(said).toMatch(
    /its Redis is too old[\s\S]*expected: *6\.2 or newer[\s\S]*found: *6\.0[\s\S]*remedy: /,
  );
});

const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });

testWithRedis('TLS: a certificate that is not trusted is named with the remedy', async () => {
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    'key.pem',
    '-out',
    'cert.pem',
    '-days',
    '2',
    ...subject,
  );
  const files = ['--tls-cert-file', join(folder, 'cert.pem'), '--tls-key-file', join(folder, 'key.pem')];
  const tlsPort = await freePort();
  const host = await startRedis(['--tls-port', String(tlsPort), ...files, '--tls-auth-clients', 'no']);
  try {
    const url = `rediss://127.0.0.1:${tlsPort}`;
    const said = await refusalOf(url);
    expect(said).toContain('its certificate is not trusted here');
    expect(said).toMatch(/remedy: .*NODE_EXTRA_CA_CERTS=ca\.pem/);
    expect(await refusalOf(`rediss://127.0.0.1:${host.port}`)).toContain('whether this port speaks TLS');
    expect(await refusalOf(`redis://127.0.0.1:${tlsPort}`)).toContain('it hung up');
    // By name the certificate is another one's.
    expect(await refusalOf(`rediss://localhost:${tlsPort}`)).toContain('its certificate is not trusted here');
  } finally {
    await host.dispose();
  }
});
