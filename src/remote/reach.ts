import { resolve } from 'node:path';
import { type MachineFile, parseMachine, readMachineFile } from '../machine-file/read.js';
import { nameOfAddress, parseSshAddress } from '../transport/ssh/ssh-address.js';
import { type SshOptions, sshTransport } from '../transport/ssh/ssh-transport.js';
import type { Transport } from '../transport/transport.js';
import { workerProgram } from './worker-program.js';

/** How a machine is reached, as users write it. */
export interface Reach {
  readonly name?: string;
  readonly ssh: string;
  readonly sshArgs?: readonly string[];
  readonly directory?: string;
  readonly node?: string;
}

/** Which files are sent beside those that git does not ignore, as users write it. */
export interface Sent {
  readonly sync?: { readonly include?: readonly string[]; readonly sizeCap?: number };
}

/** One tree is sent to all machines: it holds what any of them is to get. @param sync What is said for all of them. */
export function syncOf(
  machines: readonly Sent[],
  sync: Sent['sync'],
): {
  readonly include: readonly string[];
  readonly sizeCapBytes?: number;
} {
  const each = [sync, ...machines.map((machine) => machine.sync)];
  const caps = each.flatMap((one) => one?.sizeCap ?? []);
  return {
    include: [...new Set(each.flatMap((one) => one?.include ?? []))],
    ...(caps.length > 0 && { sizeCapBytes: Math.max(...caps) }),
  };
}

const defaultDirectory = '~/.cache/jest-runner-hardware';

/** @param where What to call the machine's description in messages. @throws UsageError for an address that cannot be meant. */
export function transportTo(
  reach: Reach,
  where: string,
  { busySeconds }: Pick<SshOptions, 'busySeconds'> = {},
): Transport {
  const { ssh, sshArgs = [], directory = defaultDirectory, node } = reach;
  const address = parseSshAddress(ssh, where);
  return sshTransport({
    name: reach.name ?? nameOfAddress(address),
    address,
    sshArgs,
    directory,
    ...(node !== undefined && { node }),
    program: workerProgram(),
    ...(busySeconds !== undefined && { busySeconds }),
  });
}

/** What the user says about another machine. @param machine A path, relative to `rootDir`, or the content. */
export function machineFileFor(
  machine: string | Readonly<Record<string, unknown>>,
  rootDir: string,
): MachineFile {
  return typeof machine === 'string'
    ? readMachineFile(resolve(rootDir, machine.replace('<rootDir>', rootDir)))
    : parseMachine(machine, 'option machines');
}
