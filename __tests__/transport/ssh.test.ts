/** The system's ssh with what its users configure, and servers as their owners have them. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { explainSsh } from '../../src/transport/ssh/ssh-problems.js';
import { type SshHost, startSshHost, testWithSsh } from '../e2e/harness/ssh-server.js';
import { connectTo, echoOf, echoProgram } from './echo-over-ssh.js';

let plain: SshHost;
const hosts: SshHost[] = [];
const folder = mkdtempSync(join(tmpdir(), 'jrh-sshtest-'));
afterAll(() => {
  for (const host of hosts) host.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function start(...args: Parameters<typeof startSshHost>): Promise<SshHost> {
  const host = await startSshHost(...args);
  hosts.push(host);
  return host;
}

async function plainHost(): Promise<SshHost> {
  plain ??= await start('box');
  return plain;
}

/** In place of the login shell. @param before A command that runs first, as a profile does. */
function loginShell(shell: string, before = ''): string {
  return `command="${before}exec ${shell} -c \\"$SSH_ORIGINAL_COMMAND\\""`;
}

const me = userInfo().username;

testWithSsh.each([
  ['an alias', () => 'box'],
  ['a URL', ({ port }: SshHost) => `ssh://${me}@127.0.0.1:${port}`],
  ['user, host and port', ({ port }: SshHost) => `${me}@127.0.0.1:${port}`],
])('the address may be %s', async (_name, addressOf) => {
  const host = await plainHost();
  expect(await echoOf(host, { address: addressOf(host) })).toBe('here');
});

testWithSsh('the address may be one of IPv6', async () => {
  const host = await start('six', '', { address: '::1' });
  expect(await echoOf(host, { address: `ssh://[::1]:${host.port}` })).toBe('here');
});

testWithSsh('a machine behind another one is reached by ProxyJump', async () => {
  const outer = await plainHost();
  const inner = await start('inner');
  const configFile = join(folder, 'jump');
  writeFileSync(
    configFile,
    `Host outer
  HostName 127.0.0.1
  Port ${outer.port}
  IdentityFile ${outer.key}
Host inner
  ProxyJump outer
Match all
  Include ${inner.configFile}
`,
  );
  expect(await echoOf({ ...inner, configFile })).toBe('here');
  expect(outer.log()).toContain('Accepted publickey');
});

testWithSsh('a shared connection that is there is used, and outlives us', async () => {
  const socket = join(folder, 'master');
  const host = await start('shared', '', {
    client: `ControlMaster auto\nControlPath ${socket}\nControlPersist 60`,
  });
  await echoOf(host);
  // Ours is none that others could share.
  expect(existsSync(socket)).toBe(false);
  const ssh = (...args: readonly string[]) =>
    execFileSync('ssh', ['-F', host.configFile, ...args, 'shared'], { stdio: 'ignore' });
  ssh('-fN');
  const logins = () => host.log().split('Accepted publickey').length - 1;
  const before = logins();
  expect(await echoOf(host)).toBe('here');
  expect(logins()).toBe(before);
  expect(() => ssh('-O', 'check')).not.toThrow();
  ssh('-O', 'exit');
});

testWithSsh('keys may be in an agent', async () => {
  const socket = join(folder, 'agent');
  const host = await start('agent', '', { client: `IdentityAgent ${socket}` });
  const key = join(folder, 'key');
  renameSync(host.key, key);
  await expect(echoOf(host)).rejects.toThrow('Permission denied');
  const said = execFileSync('ssh-agent', ['-a', socket], { encoding: 'utf8' });
  const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(said)?.[1]);
  try {
    execFileSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' });
    expect(await echoOf(host)).toBe('here');
  } finally {
    process.kill(pid);
  }
});

testWithSsh('banners and what a profile prints are no answer, and no reason for a loss', async () => {
  const banner = join(folder, 'banner');
  writeFileSync(banner, 'AUTHORISED USE ONLY\n'.repeat(40));
  const noise = 'echo Welcome; echo @jest-runner-hardware; printf unfinished; echo on stderr >&2; ';
  const host = await start('loud', loginShell('sh', noise), { server: `Banner ${banner}` });
  writeFileSync(host.configFile, execFileSync('sed', ['s/LogLevel ERROR//', host.configFile]));
  const connection = await connectTo(host);
  expect(await connection.call('echo', 'here')).toBe('here');
  await connection.call('exit', null).catch(() => {});
  expect(await connection.lost).toMatch(/^the connection was closed(: a word on stderr)?$/);
});

describe.each(['bash', 'dash', 'zsh', 'fish', 'csh'])('a user whose shell is %s', (shell) => {
  const path = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((each) => join(each, shell))
    .find((each) => existsSync(each));
  const testWithShell = path === undefined ? test.skip : testWithSsh;

  testWithShell('gets a worker, also in a folder with spaces', async () => {
    const host = await start(shell, loginShell(shell));
    const directory = `~/some where/it's ünïcode, 100% $HOME`;
    expect(await echoOf(host, { directory })).toBe('here');
    expect(readdirSync(join(host.home, directory.slice(2)))).toEqual([
      expect.stringMatching(/^worker-\w+\.cjs$/),
    ]);
    expect(statSync(join(host.home, directory.slice(2))).mode & 0o777).toBe(0o700);
    // The second time nothing is sent.
    expect(await echoOf(host, { directory })).toBe('here');
  });
});

testWithSsh('what the config adds for people at a terminal does not count', async () => {
  const lines = [
    'RemoteCommand tmux new',
    'RequestTTY force',
    'ForwardAgent yes',
    'LocalForward 1 127.0.0.1:1',
  ];
  expect(await echoOf(await start('people', '', { client: lines.join('\n') }))).toBe('here');
});

describe('a Node.js that is too old', () => {
  const old = (version: string) => {
    const file = join(folder, `bin-${version}`, 'node');
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, `#!/bin/sh\necho ${version}\n`);
    chmodSync(file, 0o755);
    return file;
  };

  testWithSsh.each(['v18.20.4', 'v20.18.3', 'v20.9.0'])('%s is named with its place', async (version) => {
    const file = old(version);
    await expect(echoOf(await plainHost(), { node: file })).rejects.toMatchObject({
      message: `has Node.js ${version} at ${file}, and 20.19 or newer is needed`,
    });
  });

  testWithSsh('does not hide the one of a version manager', async () => {
    const file = old('v18.19.0');
    const before = `PATH=${join(file, '..')}:/usr/bin:/bin; export PATH; `;
    const host = await start('debian', loginShell('sh', before));
    const managed = join(host.home, '.nvm/versions/node/v22.1.0/bin');
    mkdirSync(managed, { recursive: true });
    writeFileSync(join(managed, 'node'), `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });
    expect(await echoOf(host)).toBe('here');
  });

  testWithSsh('one that does not start is no Node.js', async () => {
    const file = old('');
    await expect(echoOf(await plainHost(), { node: file })).rejects.toThrow('does not start');
  });
});

describe('what keeps a worker from starting is named with its remedy', () => {
  testWithSsh('a host key that is not known', async () => {
    const host = await start('new', '', { client: 'StrictHostKeyChecking yes' });
    await expect(echoOf(host)).rejects.toMatchObject({
      message: expect.stringContaining('Host key verification failed'),
      remedy: expect.stringContaining('`ssh new`'),
    });
  });

  testWithSsh('a host key that has changed', async () => {
    const { key } = await plainHost();
    const host = await start('changed');
    const other = execFileSync('ssh-keygen', ['-y', '-f', key], { encoding: 'utf8' });
    writeFileSync(join(host.home, '..', 'known_hosts'), `[127.0.0.1]:${host.port} ${other}`);
    await expect(echoOf(host)).rejects.toMatchObject({
      remedy: expect.stringContaining('ssh-keygen -R'),
    });
  });

  testWithSsh('a server that wants a password', async () => {
    const server = 'PubkeyAuthentication no\nPasswordAuthentication yes';
    await expect(echoOf(await start('password', '', { server }))).rejects.toMatchObject({
      message: expect.stringContaining('Permission denied'),
      remedy: expect.stringContaining('BatchMode=yes'),
    });
  });

  testWithSsh('a server that opens no session', async () => {
    const host = await start('full', '', { server: 'MaxSessions 0' });
    await expect(echoOf(host)).rejects.toMatchObject({
      remedy: expect.stringContaining('MaxSessions'),
    });
  });

  testWithSsh('a user who may not log in, beside a banner', async () => {
    const banner = join(folder, 'short');
    writeFileSync(banner, 'AUTHORISED USE ONLY\n');
    const host = await start('nologin', 'command="echo This account is currently not available.; exit 1"', {
      server: `Banner ${banner}`,
      client: 'LogLevel INFO',
    });
    await expect(echoOf(host)).rejects.toMatchObject({ remedy: 'give the user a login shell there' });
  });

  testWithSsh('a server that takes no login for now', async () => {
    const host = await start('busy', '', { server: 'MaxStartups 1' });
    const other = connect(host.port, '127.0.0.1');
    await new Promise((resolve) => other.once('data', resolve));
    await expect(echoOf(host)).rejects.toMatchObject({ remedy: expect.stringContaining('MaxStartups') });
    other.destroy();
  });

  testWithSsh('a folder that cannot be written', async () => {
    await expect(echoOf(await plainHost(), { directory: '/dev/null/x' })).rejects.toMatchObject({
      message: expect.stringMatching(/^cannot keep our program: ENOTDIR/),
      remedy: expect.stringContaining('`directory`'),
    });
  });

  test.each([
    ['ENOSPC: no space left on device, write', 'free space there'],
    ["EROFS: read-only file system, mkdir '/home/me/.cache'", '`directory`'],
  ])('%s', (message, remedy) => {
    const words = ['failed', ...message.split(' ')];
    const address = { destination: 'box' };
    expect(explainSsh({ words, printed: '', noise: '', isLate: false, address })).toMatchObject({
      message: `cannot keep our program: ${message}`,
      remedy: expect.stringContaining(remedy),
    });
  });

  testWithSsh('a worker of another version', async () => {
    const program = { ...(await echoProgram()), protocol: 7 };
    await expect(echoOf(await plainHost(), { program })).rejects.toMatchObject({
      message: 'runs a worker of another version (protocol 1)',
      remedy: expect.stringContaining('same version'),
    });
  });

  test('no ssh here', () => {
    const address = { destination: 'box' };
    expect(
      explainSsh({ words: undefined, printed: 'spawn ssh ENOENT', noise: '', isLate: false, address }),
    ).toMatchObject({
      remedy: "install OpenSSH's client here",
    });
  });

  testWithSsh('an ssh config that is not there', async () => {
    const host = await plainHost();
    await expect(echoOf({ ...host, configFile: '/no/config' })).rejects.toMatchObject({
      remedy: expect.stringContaining('sshArgs'),
    });
  });
});
