import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { parseSshAddress } from '../../src/transport/ssh/ssh-address.js';
import { type SshOptions, sshTransport, type WorkerProgram } from '../../src/transport/ssh/ssh-transport.js';
import type { Connection } from '../../src/transport/transport.js';
import type { SshHost } from '../e2e/harness/ssh-server.js';

/** The echoing worker, as one file that can be sent. */
export async function echoProgram(): Promise<WorkerProgram> {
  const { outputFiles } = await build({
    entryPoints: ['__tests__/transport/echo-program.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
  });
  const packed = gzipSync(outputFiles[0]?.contents ?? '');
  return { packed, protocol: 1, hash: createHash('sha256').update(packed).digest('hex').slice(0, 16) };
}

interface Use extends Partial<Pick<SshOptions, 'directory' | 'node' | 'program'>> {
  /** Default: the host's alias. */
  readonly address?: string;
}

/** Connects to the echoing worker on a host, with the host's own ssh config. */
export async function connectTo(
  { name, configFile }: SshHost,
  { address = name, directory = '~/worker files', node, program }: Use = {},
): Promise<Connection> {
  const transport = sshTransport({
    name: 'box',
    address: parseSshAddress(address, 'the test'),
    sshArgs: ['-F', configFile],
    directory,
    ...(node !== undefined && { node }),
    program: program ?? (await echoProgram()),
  });
  return transport.connect({ onNotice() {} }, new AbortController().signal);
}

/** What a worker says that was sent something, and then is closed. */
export async function echoOf(host: SshHost, use?: Use): Promise<unknown> {
  const connection = await connectTo(host, use);
  try {
    return await connection.call('echo', 'here');
  } finally {
    await connection.close();
  }
}
