import type { Removed } from '../sync/clean-cache.js';
import { Unreachable } from '../transport/transport.js';
import { ask } from './ask.js';
import type { CleanParams } from './protocol.js';
import { type Reach, transportTo } from './reach.js';

export interface CleanedMachine {
  readonly name: string;
  /** Checkouts, with what was installed in them. */
  readonly removed: readonly Removed[];
  /** Why nothing was removed: the end of a sentence about the machine. */
  readonly problem?: string;
}

/** Removes what runs have left on a machine and no run has used lately. @param where What to call it in messages. */
export async function cleanMachine(
  reach: Reach,
  params: CleanParams,
  where: string,
): Promise<CleanedMachine> {
  const transport = transportTo(reach, where);
  const { name } = transport;
  try {
    const connection = await transport.connect({ onNotice() {} }, new AbortController().signal);
    try {
      return { name, removed: await ask(connection, 'clean', params) };
    } finally {
      await connection.close();
    }
  } catch (error) {
    const { message } = error as Error;
    return { name, removed: [], problem: error instanceof Unreachable ? message : `failed: ${message}` };
  }
}
