import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../transport/transport.js';

/** What git starts in place of ssh: joins its standard input and output with our socket. */
const joiningScript =
  'const socket = require("net").connect(process.argv[1]); process.stdin.pipe(socket); socket.pipe(process.stdout)';

/**
 * Lets git on this machine talk with `git receive-pack` on the other one, over the connection that is there: no second
 * login, and none of its cost.
 * @param use Gets the command for git's `GIT_SSH_COMMAND`.
 */
export async function throughConnection(
  connection: Connection,
  use: (sshCommand: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'jest-hardware-'));
  const path =
    process.platform === 'win32' ? `\\\\.\\pipe\\${folder.replaceAll(/\W/g, '-')}` : join(folder, 'git');
  const server = createServer({ allowHalfOpen: true }, (git) => void receive(connection, git));
  try {
    await new Promise<void>((resolve, reject) => server.on('error', reject).listen(path, resolve));
    await use([process.execPath, '-e', joiningScript, path].map(quoted).join(' '));
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function receive(connection: Connection, git: Socket): Promise<void> {
  git.on('error', () => {});
  git.on('data', (chunk: Buffer) => connection.notify('receive-pack-input', chunk.toString('base64')));
  git.on('end', () => connection.notify('receive-pack-input', null));
  try {
    await connection.call('receivePack', null, {
      onEvent: (_name, data) => void git.write(Buffer.from(data as string, 'base64')),
    });
    git.end();
  } catch {
    // Git says what it misses; a lost connection is told by the run.
    git.destroy();
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
