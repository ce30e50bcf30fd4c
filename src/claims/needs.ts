/** How many units of a resource a ticket takes, and how many the resource has. */
export interface Need {
  readonly units: number;
  readonly of: number;
}

/** By resource name; all runs of the host use the same names. */
export type Needs = Readonly<Record<string, Need>>;

/** Capacity of a shared resource: tickets that take one unit coexist, a ticket that takes all units is alone. */
export const everybody = 1e9;

interface Ordered {
  readonly number: number;
  readonly id: string;
}

interface Claimant extends Ordered {
  readonly content: { readonly needs: Needs };
}

/** The order of the queue: by number, then by id for tickets that took the same number at once. */
export function isBefore(a: Ordered, b: Ordered): boolean {
  return a.number < b.number || (a.number === b.number && a.id < b.id);
}

/**
 * The tickets that a ticket waits for: earlier ones that leave too few units of a resource. Tickets that wait themselves
 * count too, otherwise small claims would starve a big one. Where tickets disagree about a capacity the smallest one
 * counts: a suite that was promised a device for itself does not share it.
 * @returns The tickets to watch; when one of them is released, the check is repeated. Where all of them must be released
 *   the last one is enough, so that each release wakes one claimant and not the whole queue.
 */
export function blockersOf<T extends Claimant>(ticket: Claimant, tickets: readonly T[]): readonly T[] {
  const watched = new Set<T>();
  for (const [resource, { units, of }] of Object.entries(ticket.content.needs)) {
    let taken = 0;
    let capacity = of;
    const before: { readonly other: T; readonly units: number }[] = [];
    for (const other of tickets) {
      const need = other.content.needs[resource];
      if (need === undefined || !isBefore(other, ticket)) continue;
      before.push({ other, units: need.units });
      taken += need.units;
      capacity = Math.min(capacity, need.of);
    }
    if (taken + units <= capacity) continue;
    const alone = before.filter((each) => each.units + units > capacity).map(({ other }) => other);
    const last = alone.reduce<T | undefined>(
      (a, b) => (a === undefined || isBefore(a, b) ? b : a),
      undefined,
    );
    if (capacity === 1 && last !== undefined) watched.add(last);
    else for (const other of alone.length > 0 ? alone : before.map((each) => each.other)) watched.add(other);
  }
  return [...watched];
}

/** Whether the two can be in each other's way. */
export function isContending(a: Needs, b: Needs): boolean {
  return Object.entries(a).some(([resource, { units, of }]) => {
    const need = b[resource];
    return need !== undefined && (Math.min(of, need.of) < everybody || units + need.units > everybody);
  });
}
