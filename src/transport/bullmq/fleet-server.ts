import { randomBytes } from 'node:crypto';
import type { Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Broker } from './broker.js';
import { Contact } from './contact.js';
import { beatsKey, bodyKey, leasesKey, machinesKey, receivedKey, resultsKey, wakeChannel } from './keys.js';
import { type Header, isProved, readHeader, type Sealed, type Session, unpacked } from './message.js';
import { registrationText } from './registration.js';
import { type Served, ServedSession } from './served-session.js';

export interface FleetServerOptions {
  readonly broker: Broker;
  /** The machine's. */
  readonly name: string;
  readonly key: Buffer;
  /** What it has, and does; read once a second. */
  about(): unknown;
  /** Begins to serve a run. */
  serve(notify: (name: string, payload: unknown) => void): Served;
  /** Called when a run has begun, or ended. @param count How many there are now. */
  onRuns?(count: number): void;
  /** Called with what happened to the connection, for a person. */
  onTrouble?(text: string): void;
}

/** A machine's place in a fleet: says once a second that it lives, and serves the runs that call it. */
export class FleetServer {
  readonly #options: FleetServerOptions;
  readonly #contact = new Contact();
  readonly #sessions = new Map<string, ServedSession>();
  /** Sessions that have ended, with the time, so that nobody begins them anew. */
  readonly #ended = new Map<string, number>();
  #worker = '';
  /** As it was last put there. */
  #registration = '';
  #taker: Worker | undefined;
  #subscriber: Redis | undefined;
  #beat: NodeJS.Timeout | undefined;
  #isBeating = false;
  #isTaking = false;
  #takesAgain = false;
  #isClosed = false;
  #dropped = 0;

  constructor(options: FleetServerOptions) {
    this.#options = options;
  }

  /** How many messages were dropped, because nobody with the right key had sent them, or they were no messages. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Joins the fleet. */
  async start(): Promise<void> {
    const { broker } = this.#options;
    const subscriber = broker.connection();
    this.#subscriber = subscriber;
    subscriber.on('message', () => void this.#take());
    await this.#join();
    this.#beat = setInterval(() => void this.#live(), beatMs);
    await this.#live();
  }

  /** Leaves the fleet, and ends what it runs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#beat);
    this.#endSessions();
    const { commands } = this.#options.broker;
    if (commands.status !== 'ready') return;
    await commands
      .multi()
      .zrem(beatsKey, this.#worker)
      .hdel(machinesKey, this.#worker)
      .exec()
      .catch(() => {});
    await this.#options.broker
      .queue(this.#worker)
      .obliterate({ force: true })
      .catch(() => {});
  }

  /** A start of its own: what was meant for an earlier one is not for this one. */
  async #join(): Promise<void> {
    const { broker, name } = this.#options;
    const before = this.#worker;
    this.#worker = `${name}.${randomBytes(6).toString('hex')}`;
    await this.#taker?.close(true).catch(() => {});
    this.#taker = broker.takerOf(this.#worker);
    if (before !== '') {
      void this.#subscriber?.unsubscribe(wakeChannel(before));
      broker.commands
        .multi()
        .zrem(beatsKey, before)
        .hdel(machinesKey, before)
        .exec()
        .catch(() => {});
    }
    void this.#subscriber?.subscribe(wakeChannel(this.#worker)).catch(() => {});
  }

  async #live(): Promise<void> {
    if (this.#isClosed) return;
    if (this.#contact.silentMs > leaseMs && this.#sessions.size > 0) {
      // Runs have counted it as lost long before.
      this.#options.onTrouble?.(`the broker has not answered for ${leaseMs / 1000} s: suites are ended`);
      this.#endSessions();
    }
    if (this.#isBeating) return;
    this.#isBeating = true;
    try {
      const wasAwayMs = this.#contact.silentMs;
      await this.#options.broker.keepTime();
      if (wasAwayMs > leaseMs) await this.#join();
      await this.#say();
      this.#contact.renew();
      await this.#listen();
      await this.#take();
    } catch {
      // The next beat tries again.
    } finally {
      this.#isBeating = false;
    }
  }

  /** That it lives, what it has, and what it has received. */
  async #say(): Promise<void> {
    const { broker, name, key, about } = this.#options;
    const worker = this.#worker;
    const told = broker.commands
      .pipeline()
      .hexists(machinesKey, worker)
      .zadd(beatsKey, Math.round(broker.nowMs()), worker);
    const registration = registrationText({ worker, name, about: about() }, key);
    for (const { session, inbox } of this.#sessions.values()) {
      const received = receivedKey(runOf(session.id));
      told.hset(received, `${session.id}:worker`, inbox.received).expire(received, forgottenSeconds);
    }
    const answers = await told.exec();
    // The broker may have lost it.
    if (answers?.[0]?.[1] === 1 && registration === this.#registration) return;
    await broker.commands.hset(machinesKey, worker, registration);
    this.#registration = registration;
  }

  /** Whether its runs live, and what they have received. */
  async #listen(): Promise<void> {
    const { broker } = this.#options;
    const sessions = [...this.#sessions.values()];
    if (sessions.length === 0) return;
    const asked = broker.commands.pipeline();
    for (const { session } of sessions) {
      const run = runOf(session.id);
      asked.zscore(leasesKey, run).hget(receivedKey(run), `${session.id}:run`);
    }
    const answers = (await asked.exec())?.map(([, value]) => Number(value ?? 0)) ?? [];
    for (const [index, session] of sessions.entries()) {
      const [seenMs = 0, received = 0] = answers.slice(index * 2);
      session.outbox.acknowledge(received);
      session.outbox.resend();
      const isGone = broker.nowMs() - seenMs > runLeaseMs;
      if (isGone && this.#contact.isSteadyFor(runLeaseMs)) this.#end(session);
    }
  }

  /** Takes all that lies in its queue. */
  async #take(): Promise<void> {
    if (this.#isTaking || this.#isClosed) {
      this.#takesAgain = true;
      return;
    }
    this.#isTaking = true;
    try {
      do {
        this.#takesAgain = false;
        for (;;) {
          const job: Job | undefined = await this.#taker?.getNextJob(token, { block: false });
          if (job === undefined) break;
          // It lives as long as it takes to be read: what is lost after that is lost with this process.
          job.moveToCompleted(null, token, false).catch(() => {});
          await this.#read(String(job.data));
        }
      } while (this.#takesAgain);
    } catch {
      // The next wake or beat tries again.
    } finally {
      this.#isTaking = false;
    }
  }

  async #read(text: string): Promise<void> {
    const { broker, key } = this.#options;
    const header = readHeader(text);
    const session: Session = { id: header?.session ?? '', worker: this.#worker, key };
    if (
      header === undefined ||
      !isProved(header, session, 'run', broker.nowMs()) ||
      this.#ended.has(session.id)
    ) {
      this.#dropped++;
      return;
    }
    const body = header.text ?? (await this.#bodyOf(header));
    if (body === undefined) return;
    const served = this.#sessions.get(session.id) ?? this.#begin(session);
    for (const message of served.inbox.take(header.sequence, { ...header, text: body })) {
      if (served.hear(message)) this.#end(served);
    }
  }

  async #bodyOf(header: Header): Promise<string | undefined> {
    const { commands } = this.#options.broker;
    const body = await commands.getdelBuffer(bodyKey(header.session, 'run', header.sequence));
    return body === null ? undefined : unpacked(body, header);
  }

  #begin(session: Session): ServedSession {
    const { broker, serve } = this.#options;
    const served = new ServedSession({
      session,
      serve,
      nowMs: () => broker.nowMs(),
      transmit: (sequence, sealed) => post(broker.commands, session.id, sequence, sealed),
    });
    this.#sessions.set(session.id, served);
    this.#options.onRuns?.(this.#sessions.size);
    return served;
  }

  #end(served: ServedSession): void {
    const { id } = served.session;
    if (!this.#sessions.delete(id)) return;
    served.close();
    const nowMs = performance.now();
    for (const [each, endedMs] of this.#ended) if (nowMs - endedMs > replayMs) this.#ended.delete(each);
    this.#ended.set(id, nowMs);
    this.#options.onRuns?.(this.#sessions.size);
  }

  #endSessions(): void {
    for (const session of [...this.#sessions.values()]) this.#end(session);
  }
}

/** A session's id begins with its run's. */
export function runOf(session: string): string {
  return session.slice(0, session.indexOf('.'));
}

async function post(
  commands: Redis,
  session: string,
  sequence: number,
  { header, body }: Sealed,
): Promise<void> {
  if (body !== undefined) {
    await commands.set(bodyKey(session, 'worker', sequence), body, 'EX', forgottenSeconds);
  }
  await commands.xadd(resultsKey(runOf(session)), 'MAXLEN', '~', mostResults, '*', 'm', header);
}

const token = 'worker';
const beatMs = 1000;
/** Without contact for so long it ends what it runs. */
const leaseMs = 10_000;
/** A run that was not heard of for so long is gone. */
const runLeaseMs = 5000;
/** Longer than a message is valid. */
const replayMs = 15 * 60_000;
/** What a run leaves behind when it is killed goes by itself. */
const forgottenSeconds = 3600;
/** Of a run that does not read. Its worker sends again what was not received. */
const mostResults = 100_000;
