import { type ChildProcess, spawn } from 'node:child_process';
import { Channel } from '../channel.js';
import type { Connection, ConnectionListener, Transport } from '../transport.js';
import { MarkedStart } from './marked-start.js';
import type { SshAddress } from './ssh-address.js';
import { explainSsh } from './ssh-problems.js';
import { startCommand } from './start-script.js';

export interface SshOptions {
  readonly name: string;
  readonly address: SshAddress;
  /** Arguments for `ssh` before our own: `['-F', 'ci/ssh_config']`. */
  readonly sshArgs: readonly string[];
  /** Where the worker keeps its files there; `~` is the user's home. */
  readonly directory: string;
  /** Path of Node.js there; left out: it is looked for. */
  readonly node?: string;
  /** The program that runs there. */
  readonly program: WorkerProgram;
  /** See {@link ChannelOptions.busySeconds}. */
  readonly busySeconds?: number;
}

/** A program in one file, which is sent to a machine once. */
export interface WorkerProgram {
  /** Of its content, in hexadecimal. */
  readonly hash: string;
  /** gzip. */
  readonly packed: Buffer;
  /** Of the protocol that it speaks; a worker that is started otherwise must speak the same. */
  readonly protocol: number;
}

/** Time until the far side says its first word, and until the worker then answers. */
const connectMs = 5000;
/** Time for sending the program, once a machine and version. */
const sendMs = 60_000;
/** After so long without a sign of life the machine counts as gone, on either side. */
const silenceSeconds = 4;

/** The system's own ssh, with all of the user's configuration: keys, agents, jumps, shared connections. */
export function sshTransport(options: SshOptions): Transport {
  const { destination, port } = options.address;
  return {
    name: options.name,
    address: `ssh://${destination}${port === undefined ? '' : `:${port}`}`,
    connect: (listener, signal) => connect(options, listener, signal),
  };
}

async function connect(
  options: SshOptions,
  { onNotice }: ConnectionListener,
  signal: AbortSignal,
): Promise<Connection> {
  const { program, directory, node, busySeconds } = options;
  const command = startCommand(node, directory, [program.hash, String(program.packed.length)]);
  const ssh = spawn('ssh', [...sshArguments(options), command], { stdio: 'pipe', windowsHide: true });
  const exited = new Promise<void>((resolve) => {
    ssh.on('close', () => resolve());
    // A shared connection that the user's config leaves behind may hold its pipes.
    ssh.on('exit', () => setTimeout(resolve, leftoverMs));
    ssh.on('error', () => resolve());
  });
  const printed = tailOf(ssh);
  const start = new MarkedStart(ssh.stdout);
  let isLate = false;
  const stop = () => {
    isLate = true;
    ssh.kill();
  };
  ssh.stdin.on('error', () => {});
  signal.addEventListener('abort', stop, { once: true });
  let timer = setTimeout(stop, connectMs);
  try {
    let words = await start.next();
    if (words?.[0] === 'program') {
      // Banners are no evidence of what happens later.
      await new Promise((resolve) => setImmediate(resolve));
      printed.forget();
      clearTimeout(timer);
      timer = setTimeout(stop, words[1] === 'needs' ? sendMs : connectMs);
      if (words[1] === 'needs') ssh.stdin.write(program.packed);
      words = await start.next();
    }
    if (words?.[0] !== 'worker' || words[1] !== String(program.protocol)) {
      ssh.kill();
      await exited;
      throw explainSsh({
        words,
        printed: printed.text(),
        noise: start.noise,
        isLate,
        address: options.address,
      });
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
  start.putBack();
  return new Channel({
    input: ssh.stdout,
    output: ssh.stdin,
    handlers: {},
    onNotice,
    silenceSeconds,
    ...(busySeconds !== undefined && { busySeconds }),
    evidence: printed.text,
    discard: () => ssh.kill('SIGKILL'),
    async end() {
      const timer = setTimeout(() => ssh.kill('SIGKILL'), endMs);
      await exited;
      clearTimeout(timer);
    },
  });
}

/** What ssh has written is read by then. */
const leftoverMs = 500;

/** The worker kills what it started, and ends; a machine that does not answer is left alone. */
const endMs = 2000;

function sshArguments({ sshArgs, address: { destination, port } }: SshOptions): readonly string[] {
  const settings = {
    // Nobody can answer a question.
    BatchMode: 'yes',
    // A shared connection is used where there is one; ours would end those of others, or stay behind.
    ControlMaster: 'no',
    ConnectTimeout: String(connectMs / 1000),
    // What runs there gets none of our keys and ports.
    ForwardAgent: 'no',
    // One in the user's config is for people.
    RemoteCommand: 'none',
    ClearAllForwardings: 'yes',
    // Ends it after 8 s without an answer: while the program is sent our own channel does not watch yet.
    ServerAliveInterval: '2',
    ServerAliveCountMax: '3',
  };
  return [
    ...sshArgs,
    '-T',
    ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    '--',
    destination,
  ];
}

/** Reads all that ssh and the far side write to stderr, as a full pipe would stop them, and keeps the last of it. */
function tailOf(ssh: ChildProcess): { text(): string; forget(): void } {
  let tail = '';
  const keep = (text: string) => {
    tail = (tail + text).slice(-4096);
  };
  ssh.stderr?.setEncoding('utf8').on('data', keep);
  ssh.on('error', ({ message }) => keep(message));
  return {
    text: () => tail.trim(),
    forget() {
      tail = '';
    },
  };
}
