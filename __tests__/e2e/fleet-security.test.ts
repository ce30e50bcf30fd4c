/** What reaches the broker, and who: users with few rights, TLS, and secrets that nobody sees. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { commandOf } from './harness/command.js';
import { fleetOfFile, startFleet, useFleetProject } from './harness/fleet.js';
import { repository } from './harness/install.js';
import { runJest } from './harness/jest.js';
import { placesOf } from './harness/machine.js';
import { freePort, testWithRedis } from './harness/redis-server.js';

const fleet = fleetOfFile();
const folder = mkdtempSync(join(tmpdir(), 'jrh-fleet-security-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const onGpu = "/** @hardware gpu */\ntest('there', () => {});\n";
/** Percent-encoded in an address. */
const password = 'p@ss/w:rd%41 é';
const withUser = (user: string, url = fleet.redis.url) =>
  url.replace('//', `//${user}:${encodeURIComponent(password)}@`);

/** The lines of docs/fleet.md, with a password. */
function documentedUsers(): readonly (readonly string[])[] {
  const lines = readFileSync(join(repository, 'docs/fleet.md'), 'utf8').match(/^ACL SETUSER .*$/gm) ?? [];
  return lines.map((line) => line.split(' ').map((word) => (word === '>PASSWORD' ? `>${password}` : word)));
}

async function makeUsers(
  change: (line: readonly string[]) => readonly string[] = (line) => line,
): Promise<Redis> {
  const admin = new Redis(fleet.redis.url);
  for (const [command = '', ...words] of documentedUsers().map(change)) await admin.call(command, ...words);
  await admin.call('ACL', 'LOG', 'RESET');
  return admin;
}

testWithRedis(
  'a whole run needs no more rights than docs/fleet.md lists, and nothing tells the password',
  async () => {
    const admin = await makeUsers();
    const secret = 'a secret of the fleet, for tests';
    const env = { JEST_HARDWARE_CONNECT: withUser('runs'), JEST_HARDWARE_SECRET: secret };
    const project = await useFleetProject(fleet, {
      connect: { url: 'redis://127.0.0.1:1' },
      files: {
        'large.test.js': `/** @hardware gpu */
test('more than a message holds', () => console.log('x'.repeat(200_000)));
`,
        'slow.test.js': `/** @hardware gpu */
test('some beats', () => new Promise((resolve) => setTimeout(resolve, 2500)));
`,
        'failing.test.js': "/** @hardware gpu */\ntest('fails', () => expect(1).toBe(2));\n",
        'environment.test.js': `/** @hardware gpu */
const { readFileSync, readdirSync } = require('node:fs');
const isSecret = (text) => text.includes('p%40ss') || text.includes('a secret of the fleet');
test('suites there have none of it', () => {
  const own = Object.keys(process.env).filter((name) => /CONNECT|SECRET|WORKER_KEY/.test(name));
  expect(own).toEqual([]);
  expect(isSecret(JSON.stringify(process.env))).toBe(false);
});
test('no command line holds it', () => {
  const lines = readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).map((pid) => {
    try { return readFileSync('/proc/' + pid + '/cmdline', 'utf8'); } catch { return ''; }
  });
  expect(lines.some((line) => line.includes('jest'))).toBe(true);
  expect(lines.filter(isSecret)).toEqual([]);
});
`,
        'here.test.js': `test('suites here have none of it', () => {
  const own = Object.keys(process.env).filter((name) => /CONNECT|SECRET|WORKER_KEY/.test(name));
  expect(own).toEqual([]);
  const inherited = require('node:child_process').execFileSync('env', { encoding: 'utf8' });
  expect(inherited).not.toMatch(/p%40ss|a secret of the fleet/);
});
`,
      },
    });
    const command = commandOf(project);
    const key = execFileSync(process.execPath, [command, 'fleet', '--issue', 'gpu-box'], {
      encoding: 'utf8',
      env: { ...process.env, JEST_HARDWARE_SECRET: secret },
    }).trim();
    const machine = await fleet.join(project, {
      url: '',
      name: '',
      env: { JEST_HARDWARE_CONNECT: withUser('gpu-box'), JEST_HARDWARE_WORKER_KEY: key },
    });
    // What others have left long ago is tidied up with the same rights.
    await admin.zadd('{jest-hardware}:beats', 1, 'gone.1');
    await admin.zadd('{jest-hardware}:leases', 1, 'gone');
    const run = await runJest(project, ['--verbose'], { env });
    expect(run.stderr).toContain('1 failed, 5 passed');
    expect(placesOf(run.record)['environment.test.js']).toBe('gpu-box/gpu0');
    const seen = execFileSync(process.execPath, [command, 'fleet'], {
      encoding: 'utf8',
      cwd: project.directory,
      env: { ...process.env, ...env },
    });
    expect(seen).toMatch(/1 machine\n/);
    machine.process.kill('SIGTERM');
    expect(await machine.ended).toBe(0);
    expect(await admin.call('ACL', 'LOG')).toEqual([]);
    expect(await admin.zscore('{jest-hardware}:beats', 'gone.1')).toBeNull();
    expect(await admin.zscore('{jest-hardware}:leases', 'gone')).toBeNull();
    admin.disconnect();

    const said = [run.stdout, run.stderr, JSON.stringify(run.record), seen, machine.log()].join('\n');
    const files = [join(project.directory, '.jest-hardware'), join(machine.home, '.cache')].flatMap(
      (directory) =>
        readdirSync(directory, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1')),
    );
    for (const text of [said, ...files]) {
      for (const hidden of [password, encodeURIComponent(password), secret, key.split(':')[1] ?? key])
        expect(text.includes(hidden)).toBe(false);
    }
  },
);

testWithRedis('a machine may neither read results of others nor take their suites', async () => {
  const admin = await makeUsers();
  await admin.xadd('{jest-hardware}:results:other', '*', 'm', 'a result');
  await admin.set('{jest-hardware}:body:other.1:worker:1', 'a result');
  const machine = new Redis(fleet.redis.url, { username: 'gpu-box', password });
  const attempts: readonly (readonly [string, ...string[]])[] = [
    ['xread', 'STREAMS', '{jest-hardware}:results:other', '0'],
    ['xrange', '{jest-hardware}:results:other', '-', '+'],
    ['get', '{jest-hardware}:body:other.1:worker:1'],
    ['getdel', '{jest-hardware}:body:other.1:worker:1'],
    ['rpoplpush', '{jest-hardware}:other.1:wait', '{jest-hardware}:gpu-box.1:wait'],
    ['publish', '{jest-hardware}:wake:other.1', ''],
    ['subscribe', '{jest-hardware}:wake:other.1'],
    ['zadd', '{jest-hardware}:leases', '1', 'other'],
    ['keys', '*'],
    ['get', 'something-else'],
    ['flushall'],
    ['config', 'get', '*'],
    ['acl', 'list'],
  ];
  for (const [command, ...args] of attempts)
    await expect(machine.call(command, ...args)).rejects.toThrow('NOPERM');
  machine.disconnect();
  admin.disconnect();
});

testWithRedis('rights that are missing are named, with where they stand', async () => {
  const withoutQueue = ([...line]: readonly string[]) =>
    line.filter((word) => word !== '+lpush' && word !== '+rpoplpush' && word !== '+zadd');
  const admin = await makeUsers(withoutQueue);
  const project = await useFleetProject(fleet, {
    connect: { url: withUser('runs') },
    files: { 'cpu.test.js': "test('here', () => {});\n", 'gpu.test.js': onGpu },
  });
  const run = await runJest(project, []);
  expect(run.stderr).toContain('cannot be used: its user may not do what a fleet needs');
  expect(run.stderr).toMatch(/found: .*no permissions to run the 'zadd' command/);
  expect(run.stderr).toMatch(/remedy: .*docs\/fleet\.md/);
  expect(run.stderr).toContain('1 failed, 1 passed');
  const worker = spawnSync(process.execPath, [commandOf(project), 'worker', '--name', 'gpu-box'], {
    encoding: 'utf8',
    cwd: project.directory,
    env: { ...process.env, JEST_HARDWARE_CONNECT: withUser('gpu-box'), HOME: folder },
    timeout: 60_000,
  });
  expect(worker.stderr).toContain('its user may not do what a fleet needs');
  expect(worker.status).toBe(2);
  for (const text of [run.stderr, worker.stderr]) expect(text).not.toMatch(/p@ss|p%40ss/);
  admin.disconnect();
});

testWithRedis('a wrong password is named, and not told', async () => {
  const admin = await makeUsers();
  const project = await useFleetProject(fleet, {
    files: { 'cpu.test.js': "test('here', () => {});\n", 'gpu.test.js': onGpu },
  });
  const run = await runJest(project, [], {
    env: { JEST_HARDWARE_CONNECT: fleet.redis.url.replace('//', '//runs:of-another-one@') },
  });
  expect(run.stderr).toContain('it refuses the user or the password');
  expect(run.stderr).toMatch(/remedy: .*percent-encoded/);
  expect(run.stderr).not.toContain('of-another-one');
  expect(run.stderr).toContain('1 failed, 1 passed');
  admin.disconnect();
});

testWithRedis('a pull request from a fork runs on machines that are thrown away alone', async () => {
  const event = join(folder, 'event.json');
  const repo = (name: string) => ({ repo: { full_name: name } });
  writeFileSync(
    event,
    JSON.stringify({ pull_request: { head: repo('mallory/app'), base: repo('acme/app') } }),
  );
  const env = { GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: event };
  const project = await useFleetProject(fleet, {
    connect: { waitForHardware: '100ms' },
    files: { 'gpu.test.js': onGpu },
  });
  const persistent = await fleet.join(project);
  const refused = await runJest(project, [], { env });
  expect(refused.stderr).toContain('gpu-box does not run code of pull requests from forks');
  expect(refused.exitCode).toBe(1);
  persistent.process.kill();
  await persistent.ended;
  const ephemeral = await fleet.join(project, { name: 'thrown-away', flags: ['--ephemeral', '--once'] });
  const taken = await runJest(project, [], { env });
  expect(taken.stderr).toContain('1 passed');
  expect(placesOf(taken.record)['gpu.test.js']).toBe('thrown-away/gpu0');
  expect(await ephemeral.ended).toBe(0);
});

testWithRedis('a run over TLS, by a certificate of its own authority', async () => {
  const openssl = (...args: readonly string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...curve,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=Authority',
  );
  openssl('req', ...curve, '-keyout', 'key.pem', '-out', 'request.pem', '-subj', '/CN=127.0.0.1');
  writeFileSync(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1\n');
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'request.pem', '-out', 'cert.pem', ...signed);
  const port = String(await freePort());
  const files = ['--tls-cert-file', join(folder, 'cert.pem'), '--tls-key-file', join(folder, 'key.pem')];
  const encrypted = await startFleet(['--tls-port', port, ...files, '--tls-auth-clients', 'no']);
  try {
    const url = `rediss://127.0.0.1:${port}`;
    const env = { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
    const project = await useFleetProject(encrypted, { connect: { url }, files: { 'gpu.test.js': onGpu } });
    const untrusted = await runJest(project, []);
    expect(untrusted.stderr).toContain('its certificate is not trusted here');
    expect(untrusted.stderr).toMatch(/remedy: .*NODE_EXTRA_CA_CERTS=ca\.pem/);
    await encrypted.join(project, { url, env });
    const run = await runJest(project, [], { env });
    expect(run.stderr).toContain('1 passed');
    expect(placesOf(run.record)['gpu.test.js']).toBe('gpu-box/gpu0');
  } finally {
    await encrypted.dispose();
  }
});
