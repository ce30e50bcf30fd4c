import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { Absences } from './absences.js';
import { type Broker, silenceText, type Taker, token } from './broker.js';
import { Contact } from './contact.js';
import { EndedSessions } from './ended-sessions.js';
import { beatsKey, bodyKey, leasesKey, machinesKey, over, receivedKey, runOf, wakeChannel } from './keys.js';
import { deadMs } from './living-machines.js';
import { type Header, isProved, readHeader, type Session, unpacked } from './message.js';
import { registrationText } from './registration.js';
import { postResult } from './results.js';
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
  /** Called when it is there for runs, for the first time. */
  onJoined?(): void;
  /** Called with what happened to the connection, for a person. */
  onTrouble?(text: string): void;
}

/** A machine's place in a fleet: says once a second that it lives, and serves the runs that call it. */
export class FleetServer {
  readonly #options: FleetServerOptions;
  readonly #contact = new Contact();
  readonly #sessions = new Map<string, ServedSession>();
  /** Sessions of whose runs the broker knows nothing. */
  readonly #absences = new Absences<ServedSession>();
  readonly #ended = new EndedSessions();
  #worker = '';
  /** As it was last put there. */
  #registration = '';
  #taker: Taker | undefined;
  #subscriber: Redis | undefined;
  #beat: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;
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

  /** Joins the fleet. @throws UsageError when the broker does not let it. */
  async start(): Promise<void> {
    const { broker } = this.#options;
    const subscriber = broker.connection();
    this.#subscriber = subscriber;
    subscriber.on('message', () => void this.#take());
    await this.#join();
    this.#beat = setInterval(() => void this.#live(), beatMs);
    await this.#live();
    if (broker.refusal !== undefined) throw broker.refusal;
  }

  /** Leaves the fleet, and ends what it runs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#beat);
    this.#endSessions();
    if (this.#options.broker.commands.status !== 'ready') return;
    let timer: NodeJS.Timeout | undefined;
    const waited = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeMs);
    });
    await Promise.race([this.#takeLeave().catch(() => {}), waited]);
    clearTimeout(timer);
  }

  async #takeLeave(): Promise<void> {
    // A beat that is on its way would say afterwards that it lives.
    await this.#beating;
    await this.#leave(this.#worker);
    await this.#options.broker.queue(this.#worker).obliterate({ force: true });
  }

  /** A start of its own: what was meant for an earlier one is not for this one. */
  async #join(): Promise<void> {
    const { broker, name } = this.#options;
    const before = this.#worker;
    this.#worker = `${name}.${randomBytes(6).toString('hex')}`;
    await this.#taker?.close();
    this.#taker = broker.takerOf(this.#worker);
    if (before !== '') {
      this.#subscriber?.unsubscribe(wakeChannel(before)).catch(() => {});
      this.#leave(before).catch(() => {});
    }
    void this.#subscriber?.subscribe(wakeChannel(this.#worker)).catch(() => {});
  }

  /** Runs see at once that it is gone. What lies in its queue is removed when nobody writes there any more. */
  async #leave(worker: string): Promise<void> {
    const { broker } = this.#options;
    const told = broker.commands
      .pipeline()
      .hdel(machinesKey, worker)
      .zadd(beatsKey, Math.round(broker.nowMs()) - 2 * deadMs, worker);
    await broker.ask(this.#ended.tell(told));
  }

  async #live(): Promise<void> {
    if (this.#isClosed) return;
    this.#endIfAlone();
    // One that fails is tried again by the next.
    this.#beating ??= this.#beatOnce()
      .catch((error) => void this.#options.broker.noted(error))
      .finally(() => {
        this.#beating = undefined;
      });
    await this.#beating;
  }

  async #beatOnce(): Promise<void> {
    const { broker } = this.#options;
    const askedMs = performance.now();
    // What was on its way for longer, or came while this process was frozen, says nothing of now.
    const inTime = async (answer: Promise<unknown>) => {
      await answer;
      if (performance.now() - askedMs <= freshMs) return;
      setImmediate(() => void this.#live());
      throw new Error('too late');
    };
    await inTime(broker.keepTime());
    if (this.#endIfAlone()) await this.#join();
    await inTime(this.#say());
    broker.hasTaken();
    this.#contact.renew(broker.epoch);
    await inTime(this.#listen());
    await this.#take();
  }

  /** @returns Whether it has been without the broker for longer than its lease: runs have counted it as lost long before. */
  #endIfAlone(): boolean {
    const { broker } = this.#options;
    // Nobody can say anything on a broker that answers and has no room: runs wait, too.
    const patienceMs = broker.fullBecause === undefined ? leaseMs : fullMs;
    if (this.#contact.silentMs <= patienceMs) return false;
    if (this.#sessions.size > 0) {
      this.#options.onTrouble?.(`${silenceText(broker, patienceMs)}: suites are ended`);
      this.#endSessions();
    }
    return true;
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
    // A connection that only listens is asked too, so that one which is cut without a word is noticed.
    if (this.#subscriber?.status === 'ready') this.#subscriber.ping().catch(() => {});
    const [isThere] = await broker.ask(this.#ended.tell(told));
    // The broker may have lost it.
    if (isThere === 1 && registration === this.#registration) return;
    await broker.commands.hset(machinesKey, worker, registration);
    if (this.#registration === '') this.#options.onJoined?.();
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
    const answers = await broker.ask(asked);
    for (const [index, session] of sessions.entries()) {
      const [seen, received] = answers.slice(index * 2);
      const count = Number(received ?? 0);
      if (count === over) {
        this.#end(session, true);
      } else if (this.#isAbandoned(session, seen)) {
        this.#end(session);
      } else {
        session.outbox.acknowledge(count);
        session.outbox.resend();
      }
    }
  }

  /** @param seen When its run said last that it lives; null: the broker knows nothing of it. */
  #isAbandoned(session: ServedSession, seen: unknown): boolean {
    const missingMs = this.#absences.note(session, seen === null);
    const { broker } = this.#options;
    const silentMs = seen === null ? missingMs : broker.nowMs() - Number(seen);
    return silentMs > runLeaseMs && this.#contact.isSteadyFor(runLeaseMs, broker.epoch);
  }

  /** After a while without contact it looks first whether runs have given it up; then the next beat takes. */
  #isStale(): boolean {
    return this.#contact.silentMs > freshMs;
  }

  /** Takes all that lies in its queue. */
  async #take(): Promise<void> {
    if (this.#isTaking || this.#isClosed) {
      this.#takesAgain = true;
      return;
    }
    if (this.#isStale()) return;
    this.#isTaking = true;
    try {
      do {
        this.#takesAgain = false;
        for (;;) {
          const job = await this.#taker?.next();
          if (job === undefined) break;
          // It lives as long as it takes to be read: what is lost after that is lost with this process.
          job.moveToCompleted(null, token, false).catch(() => {});
          // It was claimed before this process was frozen. Who still wants it sends it again.
          if (this.#isStale()) return;
          await this.#read(typeof job.data === 'string' ? job.data : '');
        }
      } while (this.#takesAgain);
    } catch (error) {
      // The next wake or beat tries again.
      this.#options.broker.noted(error);
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
      if (served.hear(message)) this.#end(served, true);
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
      transmit: (sequence, sealed) => postResult(broker, session.id, sequence, sealed),
      onFull: () => this.#end(served),
    });
    this.#sessions.set(session.id, served);
    return served;
  }

  /** @param isByRun Its run has asked for it. */
  #end(served: ServedSession, isByRun = false): void {
    const { id } = served.session;
    if (!this.#sessions.delete(id)) return;
    served.close();
    this.#absences.note(served, false);
    this.#ended.add(id, isByRun);
  }

  #endSessions(): void {
    for (const session of [...this.#sessions.values()]) this.#end(session);
  }
}

const beatMs = 1000;
/** The last beat has been answered. */
const freshMs = 2500;
/** Without contact for so long it ends what it runs. */
const leaseMs = 11_000;
/** As long as runs wait. */
const fullMs = 30_000;
/** A run that was not heard of for so long is gone. */
const runLeaseMs = 5000;
/** A broker that does not answer is not waited for. */
const closeMs = 3000;
/** What a run leaves behind when it is killed goes by itself. */
const forgottenSeconds = 3600;
