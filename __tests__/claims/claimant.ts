/**
 * A process that claims, for the tests: takes tickets one after the other, and has it seen by an observer that knows
 * nothing of tickets (a name in the kernel that one process can have at a time, and that is free when it dies).
 */
import { createServer, type Server } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Needs } from '../../src/claims/needs.js';
import { ClaimQueue } from '../../src/claims/queue.js';
import { Ticket } from '../../src/claims/ticket.js';

/** What a claimant is told, as JSON in its first argument. */
export interface Task {
  readonly directory: string;
  /** Taken in turns; `hold`: until the parent says so. */
  readonly claims: readonly {
    readonly needs: Needs;
    readonly holdMs: number | 'hold';
    /** One name of each list must be free while the claim holds. */
    readonly observers: readonly (readonly string[])[];
  }[];
}

/** What it says. */
export type Said = 'waiting' | 'granted' | 'released' | 'wanted' | `two holders: ${string}`;

const task = JSON.parse(process.argv[2] ?? '') as Task;
const say = (word: Said) => process.send?.(word);
const told = () => new Promise((resolve) => process.once('message', resolve));

const queue = new ClaimQueue(task.directory);
for (const { needs, holdMs, observers } of task.claims) {
  const go = holdMs === 'hold' ? told() : undefined;
  let onGranted = () => {};
  const granted = new Promise<void>((resolve) => {
    onGranted = resolve;
  });
  const ticket = new Ticket(queue, needs, { onGranted, onWanted: () => say('wanted') });
  if (!ticket.isGranted) {
    say('waiting');
    await granted;
  }
  const names = await Promise.all(observers.map(oneOf));
  if (names.includes(undefined)) say(`two holders: ${JSON.stringify(needs)}`);
  say('granted');
  await (go ?? setTimeout(holdMs as number));
  await Promise.all(names.map((name) => name && new Promise((resolve) => name.close(resolve))));
  ticket.release();
  say('released');
}
process.disconnect();

async function oneOf(names: readonly string[]): Promise<Server | undefined> {
  for (const name of names) {
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(`\0${name}`, () => resolve(true));
    });
    if (isFree) return server;
  }
  return undefined;
}
