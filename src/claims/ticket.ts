import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { isDiskFull } from '../host/system-error.js';
import { isBefore, isContending, type Needs } from './needs.js';
import { type ClaimQueue, type PublishedTicket, type TicketContent, unusable } from './queue.js';

/** Called back by a ticket; never during its constructor. */
export interface TicketListener {
  /** It is granted. */
  onGranted(): void;
  /** Another ticket has begun to wait for this one. */
  onWanted(): void;
  /** An earlier ticket that this one waits for is held by a living process; what is left of dead ones is no reason. */
  onBlocked?(): void;
}

/** A file in the queue, and the server of its socket. */
interface Place {
  readonly ticket: PublishedTicket;
  readonly server: Server;
}

/** Polling interval where no closed connection can tell that a ticket was released. */
const retryMs = 250;

/**
 * A place in the queue, from its construction until `release`. Whoever waits for a ticket is connected to its socket. The
 * kernel closes the connection when the owner releases the ticket or dies, so nobody has to poll.
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
  /** Undefined: the disk is full, and it is granted without regard to other runs. */
  #place: Place | undefined;
  #state: 'waiting' | 'granted' | 'released' = 'waiting';
  #checking: NodeJS.Immediate | undefined;

  /** Takes a place at the end of the queue. Synchronous: it may be granted already when this returns. */
  constructor(queue: ClaimQueue, needs: Needs, listener: TicketListener) {
    this.needs = needs;
    this.#queue = queue;
    this.#listener = listener;
    this.#place = this.#takePlace();
    try {
      this.#check();
    } catch (error) {
      this.release();
      throw error;
    }
  }

  get isGranted(): boolean {
    return this.#state === 'granted';
  }

  /** Whether a waiting ticket has connected to this one. */
  get isAwaited(): boolean {
    return this.#waiters.size > 0;
  }

  /** Whether a later ticket contends with this one, even if it has not connected yet; reads the folder. */
  isContended(): boolean {
    const { needs } = this;
    const { ticket } = this.#place ?? {};
    return (
      this.isAwaited ||
      (ticket !== undefined &&
        this.#queue
          .tickets()
          .some((other) => isBefore(ticket, other) && isContending(needs, other.content.needs)))
    );
  }

  /** The first ticket of the queue that this one waits for now; undefined: none. */
  holder(): { readonly resource: string; readonly content: TicketContent } | undefined {
    const { ticket } = this.#place ?? {};
    if (ticket === undefined) return undefined;
    for (const other of this.#queue.tickets()) {
      if (!isBefore(other, ticket)) break;
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

  /** Releases what it holds, or leaves the queue. Synchronous, so that it works while the process exits. */
  release(): void {
    if (this.#state === 'released') return;
    this.#state = 'released';
    clearImmediate(this.#checking);
    this.#unwatch(new Set());
    this.#leave();
  }

  #takePlace(): Place | undefined {
    // Creates the folder again if it was deleted.
    this.#queue.tickets();
    for (;;) {
      const id = this.#queue.newId();
      let server: Server | undefined;
      try {
        const { pid } = process;
        const content = { pid, cwd: process.cwd(), sinceMs: this.#takenMs, needs: this.needs };
        const ticket = this.#queue.draft(id, content);
        server = this.#listen(id);
        if (this.#queue.publish(ticket)) return { ticket, server };
        // A later ticket was published before and may be granted already. The next try has a new id and socket, so that
        // whoever connected to this one notices that it is gone.
        this.#close(server);
      } catch (error) {
        if (server !== undefined) this.#close(server);
        if (!isDiskFull(error)) throw error;
        this.#queue.lacksRoom();
        return undefined;
      }
    }
  }

  #listen(id: string): Server {
    const path = this.#queue.socketPath(id);
    const server = createServer((waiter) => {
      waiter.unref();
      waiter.on('error', () => {});
      waiter.on('close', () => this.#waiters.delete(waiter));
      // Without a reader, the end of the connection would not be noticed.
      waiter.resume();
      this.#waiters.add(waiter);
      this.#listener.onWanted();
    });
    let problem: Error | undefined;
    server.on('error', (error) => {
      problem = error;
    });
    // `listen` on a path is synchronous: the socket is open to all users when it returns.
    server.listen({ path, readableAll: true, writableAll: true });
    if (!server.listening)
      throw unusable(this.#queue.directory, problem ?? new Error(`cannot listen on ${path}`));
    server.unref();
    return server;
  }

  #check(): void {
    this.#checking = undefined;
    if (this.#state !== 'waiting') return;
    if (this.#place !== undefined && !this.#queue.isListed(this.#place.ticket)) {
      // The folder was deleted.
      this.#leave();
      this.#place = this.#takePlace();
    }
    const blockers = this.#place === undefined ? [] : this.#queue.blockersOf(this.#place.ticket);
    this.#unwatch(new Set(blockers.map(({ id }) => id)));
    for (const blocker of blockers) if (!this.#watched.has(blocker.id)) this.#watch(blocker);
    if (blockers.length === 0) this.#state = 'granted';
  }

  /** Several calls before the next turn of the event loop lead to one check. */
  #checkSoon(): void {
    this.#checking ??= setImmediate(() => {
      try {
        this.#check();
      } catch {
        // The folder cannot be read at the moment: without knowing the queue, nothing is granted.
        setTimeout(() => this.#checkSoon(), retryMs);
        return;
      }
      if (this.#state !== 'granted') return;
      try {
        if (this.#place !== undefined) this.#queue.markGranted(this.#place.ticket);
      } catch {
        // The time is only used in messages of other runs.
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
      this.#checkSoon();
    };
    let refusal: string | undefined;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      refusal = error.code;
    });
    socket.resume();
    socket.on('connect', () => {
      if (this.#state === 'waiting') this.#listener.onBlocked?.();
    });
    socket.on('close', () => {
      if (this.#watched.get(id) !== socket) return;
      if (refusal === 'ECONNREFUSED' || refusal === 'ENOENT') this.#queue.remove(blocker);
      // Its owner is alive but refuses the connection (too many waiters, another user): poll.
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
    if (this.#place === undefined) return;
    this.#queue.remove(this.#place.ticket);
    this.#close(this.#place.server);
  }

  #close(server: Server): void {
    server.close();
    for (const waiter of this.#waiters) waiter.destroy();
    this.#waiters.clear();
  }
}
