import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClaimQueue } from '../claims/queue.js';
import { Ticket } from '../claims/ticket.js';

/** One of a project's checkouts, which no other process uses until `release`. It is free when this process dies. */
export interface CheckoutClaim {
  /** From 1 on; the lowest that was free. */
  readonly number: number;
  release(): void;
}

/** Claims the first checkout of a project that no living process uses. */
export async function claimCheckout(
  cacheDirectory: string,
  projectKey: string,
  signal?: AbortSignal,
): Promise<CheckoutClaim> {
  const queue = new ClaimQueue(claimDirectory(cacheDirectory));
  for (let number = 1; ; number += 1) {
    signal?.throwIfAborted();
    const ticket = await grantedTicket(queue, `${projectKey}/checkout-${number}`);
    if (ticket !== undefined) return { number, release: () => ticket.release() };
  }
}

/** Claims one checkout of a project; undefined: a living process has it. */
export async function claimOneCheckout(
  cacheDirectory: string,
  projectKey: string,
  number: number,
): Promise<CheckoutClaim | undefined> {
  const queue = new ClaimQueue(claimDirectory(cacheDirectory));
  const ticket = await grantedTicket(queue, `${projectKey}/checkout-${number}`);
  return ticket === undefined ? undefined : { number, release: () => ticket.release() };
}

/** Undefined: a living process has it. */
function grantedTicket(queue: ClaimQueue, name: string): Promise<Ticket | undefined> {
  return new Promise((resolve) => {
    const ticket = new Ticket(
      queue,
      { [name]: { units: 1, of: 1 } },
      {
        onGranted: () => resolve(ticket),
        onWanted: () => {},
        onBlocked: () => {
          ticket.release();
          resolve(undefined);
        },
      },
    );
    if (ticket.isGranted) resolve(ticket);
  });
}

/** The same for all processes that use the cache directory. */
function claimDirectory(cacheDirectory: string): string {
  const near = join(realpathSync(cacheDirectory), 'claims');
  if (Buffer.byteLength(near) < longestNear) return near;
  // Paths of sockets must be short.
  const name = createHash('sha256').update(near).digest('hex').slice(0, 12);
  return join(tmpdir(), `jest-runner-hardware-checkouts-${name}`);
}

/** Bytes; a socket's path has about 103, and its name takes 14 of them. */
const longestNear = 85;
