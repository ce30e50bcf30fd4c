import { spawn } from 'node:child_process';
import { environmentOfOurs } from '../sync/git.js';
import { cacheRepository } from '../sync/tree-cache.js';
import type { Call } from '../transport/transport.js';

/** The far side of a push through the connection: see `throughConnection`. */
export class IncomingPack {
  #onInput: (part: string | null) => void = () => {};

  /** Runs `git receive-pack`; what it writes is emitted. @param root Where the cache is. */
  async receive(root: string, { emit, signal }: Pick<Call, 'emit' | 'signal'>): Promise<void> {
    const git = spawn('git', ['receive-pack', cacheRepository(root)], {
      cwd: root,
      env: environmentOfOurs(),
      stdio: 'pipe',
      signal,
    });
    let said = '';
    git.stderr.on('data', (chunk) => {
      said += chunk;
    });
    git.stdin.on('error', () => {});
    this.#onInput = (part) => {
      if (part === null) git.stdin.end();
      else git.stdin.write(Buffer.from(part, 'base64'));
    };
    git.stdout.on('data', (chunk: Buffer) => emit('data', chunk.toString('base64')));
    await new Promise<void>((resolve, reject) => {
      git.on('error', reject);
      git.on('close', (code) =>
        code === 0 ? resolve() : reject(new Error(`git receive-pack: ${said.trim()}`)),
      );
    });
  }

  /** @param part Of what git reads, base64; null: that was all. */
  input(part: string | null): void {
    this.#onInput(part);
  }
}
