import { fleetSecret, takeWorkerKey } from '../../src/remote/fleet-credentials.js';
// Loaded here: Jest's modules cannot be loaded on demand side by side.
import '../../src/remote/fleet-clear.js';
import '../../src/remote/fleet-list.js';
import '../../src/remote/serve-fleet.js';
import { type RedisHost, startRedis, testWithRedis } from '../e2e/harness/redis-server.js';
import { run } from './run.js';

const secret = { JEST_HARDWARE_SECRET: 'a secret of sixteen characters or more' };

let redis: RedisHost;
const redisHere = async (settings: readonly string[] = []) => {
  redis = await startRedis(settings);
  return redis.url;
};
afterEach(() => redis?.dispose());

describe('fleet', () => {
  testWithRedis('an empty fleet: how a machine joins', async () => {
    const url = await redisHere();
    const { code, out } = await run(['fleet', '--connect', url]);
    expect(code).toBe(0);
    expect(out).toBe(
      `${url}, 0 machines\na machine joins by \`jest-runner-hardware worker --connect ${url}\`\n`,
    );
  });

  testWithRedis('an empty fleet: nothing to use again', async () => {
    const url = await redisHere();
    const { code, out } = await run(['fleet', '--clear', '--connect', url]);
    expect({ code, out }).toEqual({ code: 0, out: 'no such device is set aside\n' });
  });

  testWithRedis('--json, and the address by the variable', async () => {
    const url = await redisHere();
    const { code, out } = await run(['fleet', '--json'], { JEST_HARDWARE_CONNECT: url });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({ version: 1, address: url, machines: [], unproved: 0 });
  });

  test('--issue makes the key of a machine from the secret, by which it is known', async () => {
    const { code, out } = await run(['fleet', '--issue', 'gpu-box'], secret);
    expect(code).toBe(0);
    const env: NodeJS.ProcessEnv = { JEST_HARDWARE_WORKER_KEY: out.trim() };
    const ofMachine = takeWorkerKey('rediss://redis.example', env, undefined, 'host');
    expect(ofMachine).toEqual(takeWorkerKey('rediss://redis.example', { ...secret }, 'gpu-box', 'host'));
    expect(env).toEqual({});
    expect(() =>
      takeWorkerKey('rediss://redis.example', { JEST_HARDWARE_WORKER_KEY: out.trim() }, 'other', 'host'),
    ).toThrow('the key is that of gpu-box, and not of other');
    expect(() => fleetSecret('rediss://redis.example', {})).toThrow('JEST_HARDWARE_SECRET is not set');
  });

  test.each([
    ['no fleet', ['fleet'], {}, 'no fleet is named'],
    ['an address that is none', ['fleet', '--connect', 'foo'], {}, 'the address of the fleet is none'],
    ['another protocol', ['fleet', '--connect', 'http://localhost'], {}, 'cannot be reached by http://'],
    ['no TLS', ['fleet', '--connect', 'redis://redis.example'], secret, 'is not encrypted'],
    ['no secret', ['fleet', '--connect', 'rediss://redis.example'], {}, 'JEST_HARDWARE_SECRET is not set'],
    ['a short secret', ['fleet', '--issue', 'a'], { JEST_HARDWARE_SECRET: 'short' }, 'is too short'],
    ['a name', ['fleet', '--issue', 'a b'], secret, '--issue needs the name of a machine'],
    ['nobody listens', ['fleet', '--connect', 'redis://127.0.0.1:1'], {}, 'nobody listens there'],
    ['together', ['fleet', '--issue', 'a', '--watch'], secret, '--watch'],
    ['no --clear', ['fleet', 'gpu-box/gpu0'], secret, 'machines are named only to use them again'],
    ['looks on', ['fleet', '--watch', '--clear'], secret, '`--watch` and `--clear`'],
  ])('%s is named with the remedy', async (_, argv, env, message) => {
    const { code, out, err } = await run(argv, env as Record<string, string>);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
    expect(err).toMatch(/^ {2}(remedy|expected):/m);
  });

  testWithRedis('a broker that may lose messages is not used', async () => {
    const url = await redisHere(['--maxmemory-policy', 'allkeys-lru']);
    const { code, err } = await run(['fleet', '--connect', url]);
    expect(code).toBe(2);
    expect(err).toMatch(
      /cannot be used: .*\n {2}expected: maxmemory-policy noeviction\n {2}found: +allkeys-lru\n/,
    );
    expect(err).toMatch(/remedy: +`redis-cli CONFIG SET maxmemory-policy noeviction`/);
  });

  testWithRedis('a password that is wrong or missing is asked for', async () => {
    const url = await redisHere(['--requirepass', 'right']);
    for (const address of [url, url.replace('//', '//:wrong@')]) {
      const { code, err } = await run(['fleet', '--connect', address]);
      expect(code).toBe(2);
      expect(err).toContain('it refuses the user or the password');
      expect(err).not.toContain('wrong@');
    }
    expect((await run(['fleet', '--connect', url.replace('//', '//:right@')])).code).toBe(0);
  });
});

describe('worker', () => {
  const at = ['worker', '--connect', 'redis://127.0.0.1:1'];
  test.each([
    ['how it is reached', ['worker'], 'a worker needs to be told how it is reached'],
    ['a name', [...at, '--name', 'a b'], '--name is no name of a machine'],
    ['workers', [...at, '--workers', '0'], '--workers'],
    ['a time', [...at, '--max-suite', 'soon'], '--max-suite'],
    ['idleness', [...at, '--idle-exit', '-1'], '--idle-exit'],
    ['when', [...at, '--when', 'busy'], 'there is no when `busy`'],
    ['idle threads', [...at, '--when', 'idle', '--idle-threads', '0'], '--idle-threads'],
    ['idle, for nothing', [...at, '--idle-after', '1m'], '`--idle-threads` and `--idle-after` say when'],
    ['the broker', at, 'nobody listens there'],
  ])('%s: what is wrong, and what to write', async (_, argv, message) => {
    const { code, out, err } = await run(argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });

  test('a key that is none', async () => {
    expect(() =>
      takeWorkerKey('rediss://redis.example', { JEST_HARDWARE_WORKER_KEY: 'gpu-box' }, undefined, 'host'),
    ).toThrow('JEST_HARDWARE_WORKER_KEY');
  });
});
