import { randomBytes } from 'node:crypto';
import type { Queue } from 'bullmq';
import type { ConnectionListener, Transport } from '../transport.js';
import { Absences } from './absences.js';
import { type Broker, silenceText } from './broker.js';
import { Contact } from './contact.js';
import { FleetConnection } from './fleet-connection.js';
import { bodyKey, leasesKey, over, receivedKey, resultsKey, runOf, wakeChannel } from './keys.js';
import { removeLeftovers } from './leftovers.js';
import { deadMs, livingMachines } from './living-machines.js';
import { isProved, readHeader, type Sealed, type Session, unpacked } from './message.js';
import type { Registration } from './registration.js';
import { ResultsReader } from './results.js';
import { workerKey } from './signature.js';

export interface FleetClientOptions {
  readonly broker: Broker;
  /** The fleet's. */
  readonly secret: string;
  /**
   * Carries each message, default as it comes. What is lost, doubled or late is set right by both sides, so that runs may try
   * whether it is.
   */
  disturb?(message: PassingMessage, carry: () => Promise<unknown>): Promise<unknown>;
  /** Called with machines that are there, or come later; again after each start of their workers. */
  onMachines?(registrations: readonly Registration[]): void;
  /** A broker that is away, or has no room, for so long takes the fleet with it, ms. Default 30 s. */
  readonly brokerAwayMs?: number;
}

export interface PassingMessage {
  readonly machine: string;
  readonly way: 'sent' | 'received';
  /** Its number in the conversation with the machine, from 1. */
  readonly sequence: number;
}

/** A run's place in a fleet: sees which machines there are, and talks with them. */
export class FleetClient {
  readonly #options: FleetClientOptions;
  readonly #run = randomBytes(8).toString('hex');
  readonly #contact = new Contact();
  /** Machines that live, by the id of their worker's start. */
  readonly #machines = new Map<string, Registration>();
  readonly #connections = new Map<string, FleetConnection>();
  readonly #queues = new Map<string, Queue>();
  /** Machines of which the broker knows nothing. */
  readonly #absences = new Absences<string>();
  /** Machines that were refused, so that each counts once. */
  readonly #unproved = new Set<string>();
  /** Sessions that are over, with the time: machines are told for a while. */
  readonly #givenUp = new Map<string, number>();
  #nextSession = 1;
  #reader: ResultsReader | undefined;
  #beat: NodeJS.Timeout | undefined;
  #isBeating = false;
  #isClosed = false;
  #dropped = 0;
  /** How long this process may be too busy to say that it lives. */
  #busyMs = 0;

  constructor(options: FleetClientOptions) {
    this.#options = options;
  }

  /** How many messages were dropped, because no machine with the right key had sent them, or they were no messages. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Enters the fleet. @returns When the machines that are there have been told. @throws UsageError when the broker does not let it. */
  async start(): Promise<void> {
    const results = resultsKey(this.#run);
    this.#reader = new ResultsReader(this.#options.broker.connection(), results, (text) =>
      this.#receive(text),
    );
    this.#beat = setInterval(() => void this.#live(), lookMs);
    await this.#live();
    const { refusal } = this.#options.broker;
    if (refusal !== undefined) {
      this.abandon();
      throw refusal;
    }
    removeLeftovers(this.#options.broker).catch(() => {});
  }

  /** Whether it was heard of lately. */
  isThere({ worker }: Registration): boolean {
    return this.#machines.has(worker);
  }

  /** The way to a machine that was told. */
  transportTo({ worker, name }: Registration): Transport {
    return {
      name,
      address: `${this.#options.broker.address}/${name}`,
      connect: async (listener) => this.#connect(worker, name, listener),
    };
  }

  /** Leaves the fleet. Connections are to be closed before. */
  async close(): Promise<void> {
    this.abandon();
    const { broker } = this.#options;
    if (broker.commands.status === 'ready') {
      await broker.commands
        .multi()
        .zrem(leasesKey, this.#run)
        .del(resultsKey(this.#run), receivedKey(this.#run))
        .exec()
        .catch(() => {});
    }
    await broker.close();
  }

  /** The same without waiting; machines notice within seconds. Synchronous. */
  abandon(): void {
    this.#isClosed = true;
    this.#reader?.close();
    clearInterval(this.#beat);
    for (const connection of [...this.#connections.values()]) connection.abandon();
  }

  #connect(worker: string, name: string, { onNotice }: ConnectionListener): FleetConnection {
    const { broker, secret } = this.#options;
    const id = `${this.#run}.${this.#nextSession++}`;
    const session: Session = { id, worker, key: workerKey(secret, name) };
    const connection = new FleetConnection({
      session,
      onNotice,
      onBusy: (seconds = 0) => {
        this.#busyMs = seconds * 1000;
        void this.#live();
      },
      nowMs: () => broker.nowMs(),
      transmit: (sequence, sealed, attempt) =>
        this.#carry({ machine: name, way: 'sent', sequence }, () =>
          this.#post(session, sequence, sealed, attempt),
        ),
      onOver: () => {
        this.#givenUp.set(id, performance.now());
        broker.commands.hset(receivedKey(this.#run), `${id}:run`, over).catch(() => {});
      },
      onClosed: () => this.#connections.delete(id),
    });
    this.#connections.set(id, connection);
    if (!this.#machines.has(worker)) connection.lose('it has left the fleet');
    return connection;
  }

  async #post(
    { id, worker }: Session,
    sequence: number,
    { header, body }: Sealed,
    attempt: number,
  ): Promise<void> {
    const { broker } = this.#options;
    if (body !== undefined) await broker.commands.set(bodyKey(id, 'run', sequence), body, 'EX', bodySeconds);
    const added = this.#queueOf(worker).add('message', header, {
      // A job whose claim was answered to nobody stays claimed, and its id taken.
      jobId: `${id}.${sequence}.${attempt}`,
      attempts: 1,
      removeOnComplete: true,
      removeOnFail: true,
    });
    const wake = () => broker.commands.publish(wakeChannel(worker), '');
    // Where the way is long the job is announced while it travels, and once more when it is known to be there.
    if (broker.roundTripMs > longWayMs) setImmediate(() => void wake().catch(() => {}));
    await added;
    await wake();
  }

  #carry(message: PassingMessage, carry: () => Promise<unknown>): Promise<unknown> {
    const { disturb } = this.#options;
    return disturb === undefined ? carry() : disturb(message, carry);
  }

  #queueOf(worker: string): Queue {
    let queue = this.#queues.get(worker);
    if (queue === undefined) {
      queue = this.#options.broker.queue(worker);
      this.#queues.set(worker, queue);
    }
    return queue;
  }

  async #live(): Promise<void> {
    const { broker, brokerAwayMs = 30_000 } = this.#options;
    if (this.#contact.silentMs > brokerAwayMs) {
      this.#lose(this.#machines.keys(), silenceText(broker, brokerAwayMs));
    }
    if (this.#isBeating || this.#isClosed) return;
    this.#isBeating = true;
    try {
      await broker.keepTime();
      await this.#exchange();
      broker.hasTaken();
      this.#contact.renew(broker.epoch);
      await this.#lookAround();
    } catch (error) {
      // The next beat tries again.
      broker.noted(error);
    } finally {
      this.#isBeating = false;
    }
  }

  /** That the run lives, and what each side has received. */
  async #exchange(): Promise<void> {
    const { broker } = this.#options;
    const received = receivedKey(this.#run);
    const asked = broker.commands
      .pipeline()
      .zadd(leasesKey, Math.round(broker.nowMs() + this.#busyMs), this.#run);
    const connections = [...this.#connections.values()].filter(({ isOver }) => !isOver);
    for (const { session, inbox } of connections) {
      asked.hset(received, `${session.id}:run`, inbox.received).hget(received, `${session.id}:worker`);
    }
    for (const [id, sinceMs] of this.#givenUp) {
      if (performance.now() - sinceMs > givenUpMs) this.#givenUp.delete(id);
      else asked.hset(received, `${id}:run`, over);
    }
    asked.expire(received, forgottenSeconds).expire(resultsKey(this.#run), forgottenSeconds);
    const answers = await broker.ask(asked);
    for (const [index, connection] of connections.entries()) {
      const count = Number(answers[2 + index * 2] ?? 0);
      if (count === over) {
        this.#lose([connection.session.worker], 'it has ended what it did for this run');
      } else {
        connection.outbox.acknowledge(count);
        connection.outbox.resend();
      }
    }
  }

  /** Who is there now. */
  async #lookAround(): Promise<void> {
    const { broker, onMachines } = this.#options;
    const { come, gone, missing, unproved } = await livingMachines(
      broker,
      new Set(this.#machines.keys()),
      this.#keyOf,
    );
    if (this.#isClosed) return;
    for (const registration of come) this.#machines.set(registration.worker, registration);
    if (come.length > 0) onMachines?.(come);
    for (const worker of unproved) {
      if (!this.#unproved.has(worker)) this.#dropped++;
      this.#unproved.add(worker);
    }
    const longMissing: string[] = [];
    for (const worker of this.#machines.keys()) {
      const missingMs = this.#absences.note(worker, missing.includes(worker));
      if (missingMs > deadMs) longMissing.push(worker);
    }
    if (!this.#contact.isSteadyFor(deadMs, broker.epoch)) return;
    this.#lose(
      [...gone, ...longMissing],
      `nothing was heard of it for ${deadMs / 1000} s, or it has left the fleet`,
    );
  }

  readonly #keyOf = (name: string) => workerKey(this.#options.secret, name);

  /** Each is told again when it is there after all. */
  #lose(workers: Iterable<string>, reason: string): void {
    for (const worker of [...workers]) {
      this.#machines.delete(worker);
      this.#absences.note(worker, false);
      this.#queues.delete(worker);
      for (const connection of [...this.#connections.values()]) {
        if (connection.session.worker === worker) connection.lose(reason);
      }
    }
  }

  #wasOpened(session: string): boolean {
    const number = Number(session.slice(this.#run.length + 1));
    return runOf(session) === this.#run && number > 0 && number < this.#nextSession;
  }

  #receive(text: string): void {
    const { broker } = this.#options;
    const header = readHeader(text);
    const connection = this.#connections.get(header?.session ?? '');
    if (header === undefined || !this.#wasOpened(header.session)) {
      this.#dropped++;
      return;
    }
    // It has been closed.
    if (connection === undefined) return;
    if (!isProved(header, connection.session, 'worker', broker.nowMs())) {
      this.#dropped++;
      return;
    }
    const hear = (body: string) => {
      for (const message of connection.inbox.take(header.sequence, { ...header, text: body }))
        connection.hear(message);
    };
    const { worker } = connection.session;
    const machine = this.#machines.get(worker)?.name ?? worker;
    const take = (body: string) =>
      this.#carry({ machine, way: 'received', sequence: header.sequence }, async () => hear(body));
    if (header.text !== undefined) {
      void take(header.text).catch(() => {});
      return;
    }
    void broker.commands
      .getdelBuffer(bodyKey(header.session, 'worker', header.sequence))
      .then((body) => (body === null ? undefined : unpacked(body, header)))
      // What has not come is sent again.
      .then((body) => body !== undefined && take(body))
      .catch(() => {});
  }
}

/** A machine that is gone is noticed within this time. */
const lookMs = 500;
/** What is not read meanwhile is sent again. */
const bodySeconds = 600;
const forgottenSeconds = 3600;
/** A machine that comes back later has ended everything itself. */
const givenUpMs = 60_000;
/** Longer than an idle worker needs to ask for a job in vain. */
const longWayMs = 5;
