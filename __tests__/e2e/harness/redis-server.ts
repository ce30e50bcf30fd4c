import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** Where Debian and macOS have it; undefined: not installed, and tests that need it are skipped. */
export const redisServer = [
  '/usr/bin/redis-server',
  '/usr/bin/valkey-server',
  '/usr/local/bin/redis-server',
  '/opt/homebrew/bin/redis-server',
].find((path) => existsSync(path));

/** `describe`, or `describe.skip` by name where there is no Redis. */
export const describeWithRedis = redisServer === undefined ? globalThis.describe?.skip : globalThis.describe;
/** `test`, or `test.skip` by name where there is no Redis. */
export const testWithRedis = (redisServer === undefined ? globalThis.test?.skip : globalThis.test) as jest.It;

/** A real Redis of our own, on a free port of the loopback device. It keeps nothing on disk. */
export interface RedisHost {
  readonly port: number;
  readonly url: string;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Starts it again on its port, without what it had; with it, if `--appendonly yes` is among its arguments. */
  restart(): Promise<void>;
  /** Removes what it kept on disk. */
  forget(): void;
  /** Sets how much it may hold; 0: all it likes. What lies there is not removed. */
  limitMemory(bytes: number): Promise<void>;
  /** Lets it hang, and go on. */
  pause(): void;
  resume(): void;
  dispose(): Promise<void>;
}

/** @param settings Further arguments: `['--maxmemory-policy', 'allkeys-lru']`. */
export async function startRedis(settings: readonly string[] = []): Promise<RedisHost> {
  if (redisServer === undefined) throw new Error('there is no redis-server');
  const path = redisServer;
  const folder = mkdtempSync(join(tmpdir(), 'jrh-redis-'));
  const port = await freePort();
  const log = join(folder, 'log');
  let server: ChildProcess;
  const start = async () => {
    const fixed = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--dir',
      folder,
      '--logfile',
      log,
    ];
    server = spawn(path, [...fixed, ...settings], { stdio: 'ignore' });
    await answering(port, server, log);
  };
  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await ended;
  };
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill,
    restart: start,
    forget: () => rmSync(join(folder, 'appendonlydir'), { recursive: true, force: true }),
    limitMemory: (bytes) => command(port, `CONFIG SET maxmemory ${bytes}`),
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    async dispose() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function command(port: number, line: string): Promise<void> {
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1', () => socket.write(`${line}\r\n`));
    socket.once('data', (text) => {
      socket.destroy();
      resolve(String(text));
    });
    socket.once('error', reject);
  });
  if (answer !== '+OK\r\n') throw new Error(`${line}: ${answer}`);
}

async function answering(port: number, server: ChildProcess, log: string): Promise<void> {
  for (;;) {
    if (server.exitCode !== null)
      throw new Error(`redis-server: ${existsSync(log) ? readFileSync(log, 'utf8') : 'ended'}`);
    const answers = await new Promise<boolean>((resolve) => {
      const socket = createConnection(port, '127.0.0.1', () => socket.write('PING\r\n'));
      // It answers even where it wants a password first.
      socket.once('data', () => resolve(socket.destroy() !== undefined));
      socket.once('error', () => resolve(false));
    });
    if (answers) return;
    await setTimeout(20);
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
