import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** Where Debian and macOS have it; undefined: not installed, and tests that need it are skipped. */
export const sshServer = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((path) => existsSync(path));

/** `test`, or `test.skip` by name where there is no ssh server. Outside of Jest there is neither. */
export const testWithSsh = (sshServer === undefined ? globalThis.test?.skip : globalThis.test) as jest.It;

/** A real ssh server of our own on a free port of the loopback device, with keys of its own. */
export interface SshHost {
  /** Its name in `configFile`. */
  readonly name: string;
  readonly configFile: string;
  readonly port: number;
  /** Home of whoever logs in. Programs in its folder `bin` are found first. */
  readonly home: string;
  /** Path of a private key that it lets in. */
  readonly key: string;
  /** The last it wrote about itself. */
  log(): string;
  /** Ends the server and all connections. */
  kill(): void;
  dispose(): void;
}

interface SshSettings {
  /** Lines for `sshd_config`, before ours. */
  readonly server?: string;
  /** Lines for `ssh_config` about this host, before ours. */
  readonly client?: string;
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** A command that starts the server, whose command line is added: other rights, other mounts. Default: none. */
  readonly launcher?: readonly string[];
}

/** @param commandLine For the line of `authorized_keys`: `command="…",restrict`. Default: none. */
export async function startSshHost(
  name: string,
  commandLine = '',
  { server: serverLines = '', client = '', address = '127.0.0.1', launcher = [] }: SshSettings = {},
): Promise<SshHost> {
  if (sshServer === undefined) throw new Error('there is no sshd');
  const folder = mkdtempSync(join(tmpdir(), 'jrh-ssh-'));
  const path = (file: string) => join(folder, file);
  for (const key of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path(key)]);
  const own = readFileSync(path('user.pub'), 'utf8');
  writeFileSync(path('authorized_keys'), commandLine === '' ? own : `${commandLine} ${own}`, { mode: 0o600 });
  const home = path('home');
  mkdirSync(home);
  // Started by root, it wants this folder.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const port = await freePort();
  const log = path('log');
  writeFileSync(
    path('sshd_config'),
    `${serverLines}
Port ${port}
ListenAddress ${address}
HostKey ${path('host')}
AuthorizedKeysFile ${path('authorized_keys')}
PidFile none
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
SetEnv HOME=${home} PATH=${home}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
`,
  );
  writeFileSync(
    path('ssh_config'),
    `Host ${name}
  HostName ${address}
  Port ${port}
Host *
${client}
  User ${userInfo().username}
  IdentityFile ${path('user')}
  IdentitiesOnly yes
  UserKnownHostsFile ${path('known_hosts')}
  StrictHostKeyChecking accept-new
  LogLevel ERROR
`,
  );
  const [command = '', ...args] = [...launcher, sshServer, '-D', '-f', path('sshd_config'), '-E', log];
  const server = spawn(command, args, { stdio: 'ignore', detached: true });
  await listening(server, { address, port }, log);
  const kill = () => killWithSessions(server);
  return {
    name,
    configFile: path('ssh_config'),
    port,
    home,
    key: path('user'),
    log: () => (existsSync(log) ? readFileSync(log, 'utf8') : ''),
    kill,
    dispose() {
      kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Sessions have process groups of their own. */
function killWithSessions({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  const children = execFileSync('sh', ['-c', `pgrep -P ${pid} || true`], { encoding: 'utf8' });
  for (const each of [...children.split('\n').filter((line) => line !== ''), pid]) {
    try {
      process.kill(Number(each), 'SIGKILL');
    } catch {
      // Gone.
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function listening(
  server: ChildProcess,
  { address, port }: { readonly address: string; readonly port: number },
  log: string,
): Promise<void> {
  const { connect } = await import('node:net');
  while (server.exitCode === null) {
    const answers = await new Promise<boolean>((resolve) => {
      const socket = connect(port, address);
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
      socket.on('close', () => socket.destroy());
    });
    if (answers) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`sshd ended: ${existsSync(log) ? readFileSync(log, 'utf8') : ''}`);
}
