import type { Broker } from './broker.js';
import { beatsKey, machinesKey } from './keys.js';
import { type Registration, readRegistration } from './registration.js';

export interface LivingMachines {
  /** Machines that are there, and were not known. */
  readonly come: readonly Registration[];
  /** Known ones that are silent, or have left. */
  readonly gone: readonly string[];
  /** Known ones of which the broker knows nothing. Machines that leave do not go like this: it has lost what it had. */
  readonly missing: readonly string[];
  /** Those that say what nobody with the right key has signed. */
  readonly unproved: readonly string[];
}

/** Who was heard of lately. @param known Worker's starts that need not be read again. */
export async function livingMachines(
  broker: Broker,
  known: ReadonlySet<string>,
  keyOf: (name: string) => Buffer,
): Promise<LivingMachines> {
  const { commands } = broker;
  const living = new Set(await commands.zrangebyscore(beatsKey, broker.nowMs() - deadMs, '+inf'));
  const silent = [...known].filter((worker) => !living.has(worker));
  const scores = silent.length === 0 ? [] : await commands.zmscore(beatsKey, ...silent);
  const unknown = [...living].filter((worker) => !known.has(worker));
  const postings = unknown.length === 0 ? [] : await commands.hmget(machinesKey, ...unknown);
  const come: Registration[] = [];
  const unproved: string[] = [];
  for (const [index, worker] of unknown.entries()) {
    const posting = postings[index];
    // It is about to say what it has.
    if (posting === null || posting === undefined) continue;
    const registration = readRegistration(posting, keyOf);
    if (registration?.worker === worker) come.push(registration);
    else unproved.push(worker);
  }
  return {
    come,
    gone: silent.filter((_, index) => scores[index] !== null),
    missing: silent.filter((_, index) => scores[index] === null),
    unproved,
  };
}

/** A machine that was not heard of for so long is gone. */
export const deadMs = 3500;
