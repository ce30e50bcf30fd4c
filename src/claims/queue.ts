import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { blockersOf, isBefore, type Needs } from './needs.js';

/** Who took a ticket, and what for. */
export interface TicketContent {
  readonly pid: number;
  readonly cwd: string;
  /** When it was taken; once it holds: since when it does. Unix time, ms. */
  readonly sinceMs: number;
  readonly needs: Needs;
}

/** A ticket as everybody sees it: `<number>.<id>`. */
export interface PublishedTicket {
  readonly number: number;
  /** Never used twice, so that what was once found dead stays dead. */
  readonly id: string;
  readonly content: TicketContent;
}

/** What `sockaddr_un` holds, without its terminating zero; bytes. */
const longestSocketPath = process.platform === 'linux' ? 107 : 103;
const orphanName = /^s?([0-9a-f]{12})(?:\.new)?$/;
/** Taking a ticket takes milliseconds. */
const orphanAgeMs = 3_600_000;
const ticketName = /^(\d+)\.([0-9a-f]{12})$/;

/**
 * The folder in which the runs of one host queue for what they share: one line for all resources, in the order of the
 * tickets' numbers. A ticket is a small file; its owner listens on a socket beside it for as long as the ticket counts.
 * The kernel closes the socket when the owner dies, however it dies, so that a file alone never blocks anybody.
 *
 * Why not file locks (flock, fcntl; `fs-native-extensions`): a lock says nothing about who came first, waiting for one
 * blocks a thread of libuv's pool, two locks taken one after the other can deadlock, and it is a native module. One line
 * for everything takes several resources at once without deadlock, as nobody waits for a later ticket.
 */
export class ClaimQueue {
  readonly directory: string;
  readonly #contents = new Map<string, TicketContent | undefined>();
  readonly #dead = new Set<string>();

  /**
   * Makes the folder where it is missing, open for all users of the host.
   * @throws UsageError when it cannot be used.
   */
  constructor(directory: string) {
    this.directory = directory;
    const excess = Buffer.byteLength(this.socketPath('0'.repeat(12))) - longestSocketPath;
    if (process.platform !== 'win32' && excess > 0) {
      throw new UsageError({
        message: `the claim directory ${directory} has too long a path for sockets`,
        expected: `a path that is ${excess} bytes shorter`,
        remedy: 'set the option `claims` or JEST_HARDWARE_CLAIMS to a shorter path, such as /tmp/claims',
      });
    }
    try {
      this.#makeDirectory();
      this.#removeOrphans();
    } catch (error) {
      throw unusable(directory, error);
    }
  }

  /** What processes left behind that died between two steps of taking a ticket. It counts for nothing. */
  #removeOrphans(): void {
    const names = readdirSync(this.directory);
    const ids = new Set(names.map((name) => ticketName.exec(name)?.[2]));
    for (const name of names) {
      const id = orphanName.exec(name)?.[1];
      if (id === undefined || ids.has(id)) continue;
      try {
        const path = join(this.directory, name);
        if (Date.now() - statSync(path).mtimeMs > orphanAgeMs) rmSync(path, { force: true });
      } catch {
        // Gone, or another user's.
      }
    }
  }

  newId(): string {
    return randomBytes(6).toString('hex');
  }

  /** Where the owner of a ticket listens. */
  socketPath(id: string): string {
    if (process.platform !== 'win32') return join(this.directory, `s${id}`);
    const folder = createHash('sha256').update(this.directory.toLowerCase()).digest('hex').slice(0, 12);
    return `\\\\.\\pipe\\jest-runner-hardware-${folder}-${id}`;
  }

  /** A ticket for the end of the line, as of now, that nobody sees yet. */
  draft(id: string, content: TicketContent): PublishedTicket {
    this.#write(id, content);
    const number = 1 + this.#entries().reduce((highest, entry) => Math.max(highest, entry.number), 0);
    return { number, id, content };
  }

  /**
   * Puts a ticket into the line. Its owner must listen already: who finds a ticket takes silence for death.
   * @returns False where a later ticket came first: the ticket is void, see `Ticket`.
   */
  publish(ticket: PublishedTicket): boolean {
    renameSync(this.#draftPath(ticket.id), this.#path(ticket));
    if (!this.#entries().some((entry) => isBefore(ticket, entry))) return true;
    this.remove(ticket);
    return false;
  }

  /**
   * Says that it holds from now on, for those who wait. As a second line: where the file were replaced, a folder on
   * tmpfs may show neither of the two to who lists it meanwhile.
   */
  markGranted(ticket: PublishedTicket): void {
    appendFileSync(this.#path(ticket), `${Date.now()}\n`);
  }

  /** Takes a ticket that its owner gives up, or that nobody owns any more, out of the line. */
  remove(ticket: PublishedTicket): void {
    this.#dead.add(ticket.id);
    for (const path of [
      this.#path(ticket),
      ...(process.platform === 'win32' ? [] : [this.socketPath(ticket.id)]),
    ]) {
      try {
        rmSync(path, { force: true });
      } catch {
        // Another user's: it goes on lying there, and counts no more for us.
      }
    }
  }

  /** Whether the file of the ticket is still there. */
  isListed({ number, id }: PublishedTicket): boolean {
    return this.#entries().some((entry) => entry.id === id && entry.number === number);
  }

  /** All tickets that are not known to be dead, first come first. */
  tickets(): readonly PublishedTicket[] {
    const entries = this.#entries();
    const names = new Set(entries.map(({ name }) => name));
    for (const name of this.#contents.keys()) if (!names.has(name)) this.#contents.delete(name);
    return entries
      .flatMap(({ number, id, name }) => {
        if (this.#dead.has(id)) return [];
        const content = this.#contentOf(name);
        return content === undefined ? [] : { number, id, content };
      })
      .sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  /** The tickets that a ticket has to wait for; none: it holds what it asks for. */
  blockersOf(ticket: PublishedTicket): readonly PublishedTicket[] {
    return blockersOf(ticket, this.tickets());
  }

  /** Read anew: since when it holds may have been written meanwhile. */
  contentOf({ number, id }: PublishedTicket): TicketContent | undefined {
    const name = `${number}.${id}`;
    this.#contents.delete(name);
    return this.#contentOf(name);
  }

  #makeDirectory(): void {
    // Whatever the umask says: other users queue here too.
    if (mkdirSync(this.directory, { recursive: true }) !== undefined) chmodSync(this.directory, 0o1777);
  }

  #entries(): { readonly number: number; readonly id: string; readonly name: string }[] {
    let names: string[];
    try {
      names = readdirSync(this.directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      // Somebody has cleaned up: who waits takes a new place.
      this.#makeDirectory();
      names = [];
    }
    return names.flatMap((name) => {
      const [, number, id] = ticketName.exec(name) ?? [];
      return number === undefined || id === undefined ? [] : { number: Number(number), id, name };
    });
  }

  #contentOf(name: string): TicketContent | undefined {
    if (!this.#contents.has(name)) this.#contents.set(name, this.#read(name));
    return this.#contents.get(name);
  }

  #read(name: string): TicketContent | undefined {
    try {
      const [content = '', grantedMs = ''] = readFileSync(join(this.directory, name), 'utf8').split('\n');
      const ticket = JSON.parse(content) as TicketContent;
      return grantedMs === '' ? ticket : { ...ticket, sinceMs: Number(grantedMs) };
    } catch {
      // Released between the listing and now.
      return undefined;
    }
  }

  #write(id: string, content: TicketContent): void {
    try {
      writeFileSync(this.#draftPath(id), `${JSON.stringify(content)}\n`);
      // Whatever the umask says: other users must be able to see that it is their turn.
      chmodSync(this.#draftPath(id), 0o644);
    } catch (error) {
      throw unusable(this.directory, error);
    }
  }

  #path({ number, id }: PublishedTicket): string {
    return join(this.directory, `${number}.${id}`);
  }

  #draftPath(id: string): string {
    return join(this.directory, `${id}.new`);
  }
}

export function unusable(directory: string, error: unknown): UsageError {
  return new UsageError({
    message: `the claim directory ${directory} cannot be used: ${(error as Error).message}`,
    expected: 'a directory on a local file system in which this user may create files and sockets',
    remedy:
      'set the option `claims` or JEST_HARDWARE_CLAIMS to such a directory, the same for all runs of the host, or to false (`off`)',
  });
}
