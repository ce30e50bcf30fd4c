/** How much of a resource a ticket takes, and how much there is of it. */
export interface Need {
  readonly units: number;
  readonly of: number;
}

/** By name of the resource, the same in every run of the host. */
export type Needs = Readonly<Record<string, Need>>;

/** More than will ever be taken at once: who takes all of it is alone, all others do not mind each other. */
export const everybody = 1e9;

interface Ordered {
  readonly number: number;
  readonly id: string;
}

interface Claimant extends Ordered {
  readonly content: { readonly needs: Needs };
}

/** The order of the line: by number, and by id for tickets that took the same number at the same time. */
export function isBefore(a: Ordered, b: Ordered): boolean {
  return a.number < b.number || (a.number === b.number && a.id < b.id);
}

/**
 * Whom a ticket has to wait for: earlier tickets that leave too little of something. All of them count, also those that
 * wait themselves: otherwise small claims would starve a big one. What counts is the least that any of them believes
 * there is: a suite that was promised a device for itself has it for itself, whatever others think can be shared.
 * @returns Those to watch: whenever one of them goes, it is time to look again. Where all have to go, the last one is
 *   enough, so that one claimant wakes up for each one that leaves, and not the whole line.
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

/** Whether the two may ever have to wait for each other. */
export function isContending(a: Needs, b: Needs): boolean {
  return Object.entries(a).some(([resource, { units, of }]) => {
    const need = b[resource];
    return need !== undefined && (Math.min(of, need.of) < everybody || units + need.units > everybody);
  });
}
