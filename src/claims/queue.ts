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

/** The owner of a ticket, and what it claims. */
export interface TicketContent {
  readonly pid: number;
  readonly cwd: string;
  /** When it was taken; after it was granted: when it was granted. Unix time, ms. */
  readonly sinceMs: number;
  readonly needs: Needs;
}

/** A ticket that all runs can see, as a file `<number>.<id>`. */
export interface PublishedTicket {
  readonly number: number;
  /** Never used again, so that a ticket once found dead stays dead. */
  readonly id: string;
  readonly content: TicketContent;
}

/** Longest path in a `sockaddr_un`, without its terminating zero, in bytes. */
const longestSocketPath = process.platform === 'linux' ? 107 : 103;
const orphanName = /^s?([0-9a-f]{12})(?:\.new)?$/;
/** Much longer than it takes to publish a ticket, which is milliseconds. */
const orphanAgeMs = 3_600_000;
const ticketName = /^(\d+)\.([0-9a-f]{12})$/;

/**
 * The folder in which the runs of one host queue for shared resources: one queue for all resources, in the order of the
 * tickets' numbers. A ticket is a small file; its owner listens on a socket beside it as long as the ticket is valid. The
 * kernel closes the socket when the owner dies, however it dies, so the file of a dead owner blocks nobody.
 *
 * Why not file locks (flock, fcntl; `fs-native-extensions`): a lock says nothing about who came first, waiting for one
 * blocks a thread of libuv's pool, two locks taken one after the other can deadlock, and it is a native module. One line
 * for everything takes several resources at once without deadlock, as nobody waits for a later ticket.
 */
export class ClaimQueue {
  readonly directory: string;
  readonly #contents = new Map<string, TicketContent | undefined>();
  readonly #dead = new Set<string>();
  readonly #say: (message: string) => void;
  #saidFull = false;

  /**
   * Makes the folder where it is missing, open for all users of the host.
   * @param say Called with a line for the person at the terminal when its disk is full.
   * @throws UsageError when it cannot be used.
   */
  constructor(directory: string, say: (message: string) => void = () => {}) {
    this.directory = directory;
    this.#say = say;
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

  /** Removes files of processes that died while they took a ticket. No run reads such files. */
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

  /** A ticket of this run found no room: it goes without, as a full disk is to end no run. Said once. */
  lacksRoom(): void {
    if (!this.#saidFull) this.#say(fullText(this.directory));
    this.#saidFull = true;
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

  /** Writes a ticket with the next number. Other runs see it after {@link publish}. */
  draft(id: string, content: TicketContent): PublishedTicket {
    this.#write(id, content);
    const number = 1 + this.#entries().reduce((highest, entry) => Math.max(highest, entry.number), 0);
    return { number, id, content };
  }

  /**
   * Puts a ticket into the queue. Its owner must listen already: a ticket without a listener is taken for dead.
   * @returns False if a later ticket was published before: the ticket is void, see `Ticket`.
   */
  publish(ticket: PublishedTicket): boolean {
    renameSync(this.#draftPath(ticket.id), this.#path(ticket));
    if (!this.#entries().some((entry) => isBefore(ticket, entry))) return true;
    this.remove(ticket);
    return false;
  }

  /**
   * Notes the time of the grant, for the messages of other runs. It is appended as a second line: if the file were replaced, a
   * listing of a folder on tmpfs could miss both the old and the new file.
   */
  markGranted(ticket: PublishedTicket): void {
    appendFileSync(this.#path(ticket), `${Date.now()}\n`);
  }

  /** Removes a ticket that its owner releases, or whose owner has died. */
  remove(ticket: PublishedTicket): void {
    this.#dead.add(ticket.id);
    for (const path of [
      this.#path(ticket),
      ...(process.platform === 'win32' ? [] : [this.socketPath(ticket.id)]),
    ]) {
      try {
        rmSync(path, { force: true });
      } catch {
        // Another user's file cannot be removed. This run ignores it from now on.
      }
    }
  }

  /** Whether the file of the ticket is still there. */
  isListed({ number, id }: PublishedTicket): boolean {
    return this.#entries().some((entry) => entry.id === id && entry.number === number);
  }

  /** All tickets that are not known to be dead, in the order of the queue. */
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

  /** The tickets that a ticket has to wait for; empty: it is granted. */
  blockersOf(ticket: PublishedTicket): readonly PublishedTicket[] {
    return blockersOf(ticket, this.tickets());
  }

  /** Reads the file again: the time of the grant may have been added. */
  contentOf({ number, id }: PublishedTicket): TicketContent | undefined {
    const name = `${number}.${id}`;
    this.#contents.delete(name);
    return this.#contentOf(name);
  }

  #makeDirectory(): void {
    // The umask must not keep other users out: they queue here too.
    if (mkdirSync(this.directory, { recursive: true }) !== undefined) chmodSync(this.directory, 0o1777);
  }

  #entries(): { readonly number: number; readonly id: string; readonly name: string }[] {
    let names: string[];
    try {
      names = readdirSync(this.directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      // The folder was deleted. Tickets that wait are published again.
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
      // The umask must not hide it: other users have to read whether it is their turn.
      chmodSync(this.#draftPath(id), 0o644);
    } catch (error) {
      rmSync(this.#draftPath(id), { force: true });
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
  return new UsageError(
    {
      message: `the claim directory ${directory} cannot be used: ${(error as Error).message}`,
      expected: 'a directory on a local file system in which this user may create files and sockets',
      remedy:
        'set the option `claims` or JEST_HARDWARE_CLAIMS to such a directory, the same for all runs of the host, or to false (`off`)',
    },
    { cause: error },
  );
}

export function fullText(directory: string): string {
  return `jest-runner-hardware: the disk of ${directory} is full: this run does not share devices and locks with other runs until there is room\n  remedy: free space there, or set the option claims to another folder, the same for all runs of the host`;
}
