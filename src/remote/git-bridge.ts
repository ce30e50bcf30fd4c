import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onProcessEnd } from '../host/process-end.js';
import type { Connection } from '../transport/transport.js';

/**
 * What git starts in place of ssh: joins its standard input and output with our socket. What went wrong on the other machine
 * comes in a file.
 */
const joiningScript = [
  'const [, path, problem] = process.argv, socket = require("net").connect(path)',
  'process.stdin.pipe(socket); socket.pipe(process.stdout)',
  'socket.on("error", () => {})',
  'socket.on("close", () => { try { process.stderr.write(require("fs").readFileSync(problem)); process.exitCode = 1 } catch {} process.stdin.unref() })',
].join('; ');

/**
 * Lets git on this machine talk with `git receive-pack` on the other one, over the connection that is there: no second
 * login, and none of its cost.
 * @param use Gets the command for git's `GIT_SSH_COMMAND`.
 */
export async function throughConnection(
  connection: Connection,
  use: (sshCommand: string) => Promise<void>,
): Promise<void> {
  removeFoldersOfTheDead();
  const folder = mkdtempSync(join(base(), `${folderPrefix}${process.pid}-`));
  const problem = join(folder, 'problem');
  const path =
    process.platform === 'win32' ? `\\\\.\\pipe\\${folder.replaceAll(/\W/g, '-')}` : join(folder, 'git');
  const server = createServer({ allowHalfOpen: true }, (git) => void receive(connection, git, problem));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const unwatch = onProcessEnd(remove);
  try {
    await new Promise<void>((resolve, reject) => server.on('error', reject).listen(path, resolve));
    await use([process.execPath, '-e', joiningScript, path, problem].map(quoted).join(' '));
  } finally {
    server.close();
    unwatch();
    remove();
  }
}

const folderPrefix = 'jest-hardware-git-';

/** A socket's path has about 103 bytes; longer ones are cut without a word. Ours takes 40 of them. */
function base(): string {
  return process.platform === 'win32' || Buffer.byteLength(tmpdir()) < 60 ? tmpdir() : '/tmp';
}

/** A process that was killed leaves its folder. */
function removeFoldersOfTheDead(): void {
  for (const name of readdirSync(base())) {
    const pid = Number(name.startsWith(folderPrefix) ? name.slice(folderPrefix.length).split('-')[0] : '');
    if (pid > 0 && !isAlive(pid)) rmSync(join(base(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's folder could not be removed either.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

async function receive(connection: Connection, git: Socket, problem: string): Promise<void> {
  git.on('error', () => {});
  git.on('data', (chunk: Buffer) => connection.notify('receive-pack-input', chunk.toString('base64')));
  git.on('end', () => connection.notify('receive-pack-input', null));
  try {
    await connection.call('receivePack', null, {
      // What is no text is nothing that git understands: it says so.
      onEvent: (_name, data) => void git.write(Buffer.from(String(data), 'base64')),
    });
    git.end();
  } catch (error) {
    // Git then says no more than that the other side hung up.
    writeFileSync(
      problem,
      `${(error as Error).message}
`,
    );
    git.destroy();
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
