import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { isBefore, isContending, type Needs } from './needs.js';
import { type ClaimQueue, type PublishedTicket, type TicketContent, unusable } from './queue.js';

/** Told to the owner of a ticket; never during the call that takes it. */
export interface TicketListener {
  /** It holds what it asked for. */
  onGranted(): void;
  /** Somebody waits for this ticket. */
  onWanted(): void;
}

/** A look again where the kernel cannot tell when the time has come. */
const retryMs = 250;

/**
 * A place in the line, from the moment it is taken until `release`. Whoever waits for a ticket is connected to its
 * socket: the end of the connection, which the kernel brings about even for a killed owner, says that the ticket is
 * gone. Nobody polls.
 *
 * Why no two tickets ever hold the same thing. A ticket is published by one `rename`, when its owner listens already;
 * from then on everybody who lists the folder sees it until it is removed, and it is removed by its owner, or by one
 * whose connection was refused: the owner has died, and as ids are never used twice it stays dead.
 * Let A hold and B hold, A before B in the line, and together too much. Either B was published before A listed the
 * folder for the first time after its own publication: then A saw a later ticket than its own and gave its place up.
 * Or B was published after that: then A had been published before B was, so that B, which looks for earlier tickets
 * only after its own publication, saw A and waited. Both contradict that both hold.
 * Why everybody gets on: a ticket waits for earlier ones only, so that the first of the line always holds.
 */
export class Ticket {
  readonly needs: Needs;
  readonly #queue: ClaimQueue;
  readonly #listener: TicketListener;
  readonly #watched = new Map<string, Socket | NodeJS.Timeout>();
  readonly #waiters = new Set<Socket>();
  readonly #takenMs = Date.now();
  #ticket: PublishedTicket;
  #server: Server;
  #state: 'waiting' | 'granted' | 'released' = 'waiting';
  #looking: NodeJS.Immediate | undefined;

  /** Takes a place at the end of the line. Synchronous: it may be granted when this returns. */
  constructor(queue: ClaimQueue, needs: Needs, listener: TicketListener) {
    this.needs = needs;
    this.#queue = queue;
    this.#listener = listener;
    [this.#ticket, this.#server] = this.#takePlace();
    try {
      this.#look();
    } catch (error) {
      this.release();
      throw error;
    }
  }

  get isGranted(): boolean {
    return this.#state === 'granted';
  }

  /** Whether somebody waits for it, as far as was heard. */
  get isAwaited(): boolean {
    return this.#waiters.size > 0;
  }

  /** Whether somebody waits behind it, also one that has not said so yet; reads the folder. */
  isContended(): boolean {
    const { needs } = this;
    return (
      this.isAwaited ||
      this.#queue
        .tickets()
        .some((other) => isBefore(this.#ticket, other) && isContending(needs, other.content.needs))
    );
  }

  /** The first of those it waits for, as of now: it holds, or is next. Undefined when there is none. */
  holder(): { readonly resource: string; readonly content: TicketContent } | undefined {
    for (const other of this.#queue.tickets()) {
      if (!isBefore(other, this.#ticket)) break;
      const resource = Object.keys(this.needs).find((name) => {
        const { [name]: mine } = this.needs;
        const { [name]: theirs } = other.content.needs;
        return mine && theirs && isContending({ [name]: mine }, { [name]: theirs });
      });
      const content = resource === undefined ? undefined : this.#queue.contentOf(other);
      if (resource !== undefined && content !== undefined) return { resource, content };
    }
    return undefined;
  }

  /** Gives back what it holds, or the place in the line. Synchronous, so that it works while the process ends. */
  release(): void {
    if (this.#state === 'released') return;
    this.#state = 'released';
    clearImmediate(this.#looking);
    this.#unwatch(new Set());
    this.#leave();
  }

  #takePlace(): [PublishedTicket, Server] {
    // Makes the folder where somebody has cleaned up.
    this.#queue.tickets();
    for (;;) {
      const id = this.#queue.newId();
      const server = this.#listen(id);
      try {
        const { pid } = process;
        const content = { pid, cwd: process.cwd(), sinceMs: this.#takenMs, needs: this.needs };
        const ticket = this.#queue.draft(id, content);
        if (this.#queue.publish(ticket)) return [ticket, server];
        // A later ticket came first and may hold already. With a new id and a new socket: whoever has connected to
        // this one must learn that it is no longer before him.
        this.#close(server);
      } catch (error) {
        this.#close(server);
        throw error;
      }
    }
  }

  #listen(id: string): Server {
    const path = this.#queue.socketPath(id);
    const server = createServer((waiter) => {
      waiter.unref();
      waiter.on('error', () => {});
      waiter.on('close', () => this.#waiters.delete(waiter));
      // Without a reader its end would not be seen.
      waiter.resume();
      this.#waiters.add(waiter);
      this.#listener.onWanted();
    });
    let problem: Error | undefined;
    server.on('error', (error) => {
      problem = error;
    });
    // A path is bound, listened on and open to all users before this returns.
    server.listen({ path, readableAll: true, writableAll: true });
    if (!server.listening)
      throw unusable(this.#queue.directory, problem ?? new Error(`cannot listen on ${path}`));
    server.unref();
    return server;
  }

  #look(): void {
    this.#looking = undefined;
    if (this.#state !== 'waiting') return;
    if (!this.#queue.isListed(this.#ticket)) {
      // Somebody has cleaned up the folder.
      this.#leave();
      [this.#ticket, this.#server] = this.#takePlace();
    }
    const blockers = this.#queue.blockersOf(this.#ticket);
    this.#unwatch(new Set(blockers.map(({ id }) => id)));
    for (const blocker of blockers) if (!this.#watched.has(blocker.id)) this.#watch(blocker);
    if (blockers.length === 0) this.#state = 'granted';
  }

  /** Once, however much has happened meanwhile. */
  #lookSoon(): void {
    this.#looking ??= setImmediate(() => {
      try {
        this.#look();
      } catch {
        // The folder cannot be read just now: nothing is held as long as nobody can know.
        setTimeout(() => this.#lookSoon(), retryMs);
        return;
      }
      if (this.#state !== 'granted') return;
      try {
        this.#queue.markGranted(this.#ticket);
      } catch {
        // Only tells others since when.
      }
      this.#listener.onGranted();
    });
  }

  #watch(blocker: PublishedTicket): void {
    const { id } = blocker;
    const socket = createConnection(this.#queue.socketPath(id));
    this.#watched.set(id, socket);
    const again = () => {
      this.#watched.delete(id);
      this.#lookSoon();
    };
    let refusal: string | undefined;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      refusal = error.code;
    });
    socket.resume();
    socket.on('close', () => {
      if (this.#watched.get(id) !== socket) return;
      if (refusal === 'ECONNREFUSED' || refusal === 'ENOENT') this.#queue.remove(blocker);
      // Too many wait there already, or it does not let us connect: alive, but it will not tell when it goes.
      else if (refusal !== undefined && refusal !== 'ECONNRESET' && refusal !== 'EPIPE') {
        this.#watched.set(id, setTimeout(again, retryMs));
        return;
      }
      again();
    });
  }

  #unwatch(kept: ReadonlySet<string>): void {
    for (const [id, watch] of this.#watched) {
      if (kept.has(id)) continue;
      this.#watched.delete(id);
      if ('destroy' in watch) watch.destroy();
      else clearTimeout(watch);
    }
  }

  #leave(): void {
    this.#queue.remove(this.#ticket);
    this.#close(this.#server);
  }

  #close(server: Server): void {
    server.close();
    for (const waiter of this.#waiters) waiter.destroy();
    this.#waiters.clear();
  }
}
