import type { ChainableCommander } from 'ioredis';
import { over, receivedKey, runOf } from './keys.js';

/** Sessions that a worker has ended: nobody begins them anew, and runs that do not know it are told for a while. */
export class EndedSessions {
  readonly #ended = new Map<string, { readonly endedMs: number; readonly isByRun: boolean }>();

  /** @param isByRun The run has asked for it. */
  add(id: string, isByRun: boolean): void {
    this.#ended.set(id, { endedMs: performance.now(), isByRun });
  }

  has(id: string): boolean {
    return this.#ended.has(id);
  }

  /** Adds to what the broker is told. */
  tell(told: ChainableCommander): ChainableCommander {
    for (const [id, { endedMs, isByRun }] of this.#ended) {
      const agoMs = performance.now() - endedMs;
      if (agoMs > replayMs) this.#ended.delete(id);
      if (isByRun || agoMs > tellMs) continue;
      const received = receivedKey(runOf(id));
      told.hset(received, `${id}:worker`, over).expire(received, toldSeconds);
    }
    return told;
  }
}

/** Longer than a message is valid. */
const replayMs = 15 * 60_000;
const tellMs = 60_000;
const toldSeconds = 3600;
